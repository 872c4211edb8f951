package registry_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/canpull/canpull/registry"
)

// The SDK's own client, at an endpoint of its user's choice: what it sends, and what it makes of odd answers.
func TestECRClient(t *testing.T) {
	tests := []struct {
		name   string
		answer func(w http.ResponseWriter, operation string)
		want   registry.Status
		says   string
		unread int
	}{
		{"an image", func(w http.ResponseWriter, operation string) {
			if operation == "DescribeImages" {
				reply(w, 200, `{"imageDetails":[{"imageDigest":"`+sha256+`","imagePushedAt":1741000000,"imageStatus":"ACTIVE"}]}`)
				return
			}
			reply(w, 400, `{"__type":"RepositoryPolicyNotFoundException","message":"none"}`)
		}, registry.Present, "Amazon ECR has the image", 0},
		{"no repository", func(w http.ResponseWriter, operation string) {
			reply(w, 400, `{"__type":"RepositoryNotFoundException","message":"none"}`)
		}, registry.RepositoryAbsent, "RepositoryNotFoundException", 0},
		{"denied", func(w http.ResponseWriter, operation string) {
			reply(w, 400, `{"__type":"AccessDeniedException","message":"User: hunter2 is not authorized"}`)
		}, registry.Unknown, "answered AccessDeniedException", 2},
		{"denied by an emulator", func(w http.ResponseWriter, operation string) {
			reply(w, 403, `<Error><Code>AccessDenied</Code></Error>`, "Content-Type: text/xml")
		}, registry.Unknown, "HTTP 403", 2},
		{"not implemented by an emulator", func(w http.ResponseWriter, operation string) {
			reply(w, 500, page, html)
		}, registry.Unknown, "HTTP 500", 2},
		{"a page in the place of an answer", func(w http.ResponseWriter, operation string) {
			reply(w, 200, page, html)
		}, registry.Unknown, "ecr:DescribeImages", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var signed []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				signed = append(signed, r.Header.Get("Authorization"))
				mu.Unlock()
				_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				tt.answer(w, operation)
			}))
			defer server.Close()
			client := ecr.NewFromConfig(aws.Config{
				Region:           "us-east-1",
				BaseEndpoint:     &server.URL,
				Credentials:      credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", ""),
				RetryMaxAttempts: 1,
			})
			image, err := registry.New(client).Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
			if err != nil {
				t.Fatal(err)
			}
			if image.Status != tt.want || !strings.Contains(image.Answer, tt.says) || len(unread(image)) != tt.unread {
				t.Errorf("%v, %q, %v; want %v, %q", image.Status, image.Answer, image.Unread, tt.want, tt.says)
			}
			if strings.Contains(image.Answer, "hunter2") {
				t.Errorf("Answer = %q", image.Answer)
			}
			for _, s := range signed {
				if !strings.Contains(s, "/eu-west-1/ecr/") {
					t.Errorf("signed for %s", s)
				}
			}
		})
	}
}

// An emulator that does not have the rules is asked once; the SDK would wait seconds between three tries.
func TestWhatIsNotOfferedIsAskedOnce(t *testing.T) {
	const operation = "DescribePullThroughCacheRules"
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, called, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if called == operation {
			asked.Add(1)
			reply(w, 500, page, html)
			return
		}
		reply(w, 400, `{"__type":"AccessDeniedException"}`, "Content-Type: application/x-amz-json-1.1")
	}))
	client := ecr.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", "")})
	image, err := registry.New(client).Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
	server.Close()
	if err != nil || image.CacheRule != nil || asked.Load() != 1 {
		t.Errorf("%s was asked %d times: %+v, %v", operation, asked.Load(), image, err)
	}
}
