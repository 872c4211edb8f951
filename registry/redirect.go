package registry

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
)

const redirectLimit = 5

// redirectError says why a redirect was not followed.
type redirectError string

func (e redirectError) Error() string { return string(e) }

// checkRedirect follows at most five redirects, none of them to a place that the registry should not send us, and
// takes the token off as soon as the host or the port changes. net/http itself would let the token through to another
// port and to a subdomain.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > redirectLimit {
		return redirectError(fmt.Sprintf("for the %dth time", len(via)))
	}
	if reason := refusal(via[0].URL, next.URL); reason != "" {
		return redirectError(reason)
	}
	for _, past := range append(via[1:len(via):len(via)], next) {
		if past.URL.Host != via[0].URL.Host {
			next.Header.Del("Authorization")
		}
	}
	return nil
}

// refusal says why an answer from one host may not send us to another, "" if it may. A registry on the internet has
// no business with addresses that mean something else on this machine than at home. Only literal addresses are
// looked at: what a name resolves to is looked at when it is dialled.
func refusal(from, to *url.URL) string {
	if to.Scheme != "https" && (to.Scheme != "http" || from.Scheme != "http") {
		return fmt.Sprintf("to the scheme %q", to.Scheme)
	}
	if reach := reachOf(to.Hostname()); reach > reachOf(from.Hostname()) || reach == linkLocal {
		return "to an address that is " + reach.String()
	}
	return ""
}

// dialable refuses, just before it is dialled, an address that a name should not resolve to: one that is link-local, or
// loopback for a name that does not say so itself. Where a name led when it was looked at proves nothing. A private address
// is where many registries are.
func dialable(name, resolved string) error {
	host, _ := splitPort(name)
	ip, _ := splitPort(resolved)
	if reach := reachOf(ip); reach == linkLocal || reach == loopback && reachOf(host) != loopback {
		return fmt.Errorf("%s resolves to an address that is %s, which is not asked", host, reach)
	}
	return nil
}

// reach is how far a host's name reaches, the narrower the greater.
type reach uint8

const (
	public     reach = iota
	privateNet       // RFC 1918 and RFC 4193
	loopback
	linkLocal // among them the metadata services of clouds and of ECS
)

func (r reach) String() string {
	return [...]string{"public", "private", "loopback", "link-local"}[r]
}

// numeric is a name that resolvers may read as an address although it is not written as one: "127.1", "0x7f000001".
var numeric = regexp.MustCompile(`(^|\.)(0x[0-9a-fA-F]*|[0-9]+)\.?$`)

func reachOf(host string) reach {
	addr, err := netip.ParseAddr(host)
	addr = addr.Unmap()
	switch {
	case err != nil && (host == "localhost" || host == "localhost."):
		return loopback
	case err != nil && numeric.MatchString(host):
		return linkLocal
	case err != nil:
		return public
	case addr.IsLoopback():
		return loopback
	case addr.IsLinkLocalUnicast(), addr.IsMulticast(), addr.IsUnspecified():
		return linkLocal
	case addr.IsPrivate():
		return privateNet
	}
	return public
}
