package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

type secrets interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// webhookOf tells a webhook that takes what Slack's do. Its URL is a secret, read each time so that a new one counts at
// once: whoever knows it may write, so it is in no error.
func webhookOf(api secrets, secret string) func(context.Context, notice) error {
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context, n notice) error {
		out, err := api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &secret})
		if err != nil {
			return err
		}
		target, err := url.Parse(strings.TrimSpace(aws.ToString(out.SecretString)))
		if err != nil || !trusted(target) {
			return fmt.Errorf("the value of the secret %s is no https URL", secret)
		}
		body, err := json.Marshal(map[string]string{"text": n.chat})
		if err != nil {
			return err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
		if err != nil {
			return errors.New("no request can be made of its URL")
		}
		request.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(request)
		if failed, ok := errors.AsType[*url.Error](err); ok {
			return failed.Err // without the URL
		}
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode >= http.StatusMultipleChoices {
			return fmt.Errorf("it answered with status %d", answer.StatusCode)
		}
		return nil
	}
}

// trusted refuses URLs that would carry the secret in the clear, but for this machine's own.
func trusted(u *url.URL) bool {
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && net.ParseIP(u.Hostname()).IsLoopback())
}
