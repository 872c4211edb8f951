package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// bearerChallenge returns the parameters of the first Bearer challenge. Like containerd it reads one challenge from
// each WWW-Authenticate line.
func bearerChallenge(header http.Header) (map[string]string, bool) {
	for _, line := range header.Values("WWW-Authenticate") {
		scheme, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.EqualFold(scheme, "Bearer") {
			return parameters(rest), true
		}
	}
	return nil, false
}

// parameters reads key=value and key="quoted value" pairs (RFC 9110, section 11.2), up to the first that is neither.
func parameters(s string) map[string]string {
	pairs := make(map[string]string)
	for {
		s = strings.TrimLeft(s, " \t,")
		key, rest, ok := strings.Cut(s, "=")
		if !ok {
			return pairs
		}
		rest = strings.TrimLeft(rest, " \t")
		var value string
		if quoted, isQuoted := strings.CutPrefix(rest, `"`); isQuoted {
			value, s = unquote(quoted)
		} else {
			end := strings.IndexAny(rest, ", \t")
			if end < 0 {
				end = len(rest)
			}
			value, s = rest[:end], rest[end:]
		}
		pairs[strings.ToLower(strings.TrimSpace(key))] = value
	}
}

// unquote reads up to the closing quote and returns what follows it.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// anonymousToken asks the challenge's realm for a token that reads the repository. An error is a *settled.
func (v *visit) anonymousToken(ctx context.Context, challenge map[string]string) (string, error) {
	realm, err := url.Parse(challenge["realm"])
	if err != nil || realm.Host == "" {
		return "", &settled{answer: fmt.Sprintf("%s names no usable token host", v.manifest)}
	}
	realm.User, realm.Fragment = nil, ""
	if reason := refusal(v.manifest, realm); reason != "" {
		return "", &settled{answer: fmt.Sprintf("%s sends for its token %s", v.manifest, reason)}
	}
	query := realm.Query()
	if service := challenge["service"]; service != "" {
		query.Set("service", service)
	}
	query.Set("scope", "repository:"+v.ref.Repository+":pull")
	realm.RawQuery = query.Encode()

	answer, err := v.exchange(ctx, http.MethodGet, realm, "")
	if err != nil {
		return "", err
	}
	switch answer.status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return "", &settled{status: CredentialsRequired, answer: answer.String() + " to an anonymous request for a token"}
	default:
		return "", &settled{answer: answer.String()}
	}
	var given struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(answer.body, &given) != nil || given.Token+given.AccessToken == "" {
		return "", &settled{answer: answer.String() + " without a token"}
	}
	if given.Token != "" {
		return given.Token, nil
	}
	return given.AccessToken, nil
}
