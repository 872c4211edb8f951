package registry

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// A name that was public when it was looked at may resolve to something else when it is dialled.
func TestDialable(t *testing.T) {
	for _, c := range []struct {
		name, resolved string
		allowed        bool
	}{
		{"registry.example.com:443", "203.0.113.7:443", true},
		{"registry.example.com:443", "10.1.2.3:443", true},
		{"registry.example.com:443", "[fd12::1]:443", true},
		{"registry.example.com:443", "127.0.0.1:443", false},
		{"registry.example.com:443", "[::1]:443", false},
		{"registry.example.com:443", "[::ffff:127.0.0.1]:443", false},
		{"registry.example.com:443", "169.254.169.254:443", false},
		{"registry.example.com:443", "[fe80::1%eth0]:443", false},
		{"registry.example.com:443", "0.0.0.0:443", false},
		{"localhost:5000", "127.0.0.1:5000", true},
		{"localhost:5000", "[::1]:5000", true},
		{"localhost:5000", "169.254.169.254:5000", false},
		{"127.0.0.1:5000", "127.0.0.1:5000", true},
		{"169.254.170.2:443", "169.254.170.2:443", false},
	} {
		if err := dialable(c.name, c.resolved); (err == nil) != c.allowed {
			t.Errorf("%s at %s: %v", c.name, c.resolved, err)
		}
	}
}

// resolverTo answers every question for an IPv4 address with one, as a name server of an attacker's does.
func resolverTo(t *testing.T, address net.IP) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		for question := make([]byte, 512); ; {
			n, from, err := server.ReadFrom(question)
			if err != nil {
				return
			}
			end := 12 + strings.IndexByte(string(question[12:n]), 0) + 5 // the header, the name, its type and class
			reply := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end]...)
			if question[end-3] == 1 { // type A: RFC 1035, section 4
				reply[7] = 1
				reply = append(append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), address.To4()...)
			}
			_, _ = server.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func TestANameThatResolvesToThisMachineIsNotAsked(t *testing.T) {
	var asked atomic.Bool
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			asked.Store(true)
			_ = c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	ref, err := Parse("registry.example.com:" + port + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	transport := transportThrough(resolverTo(t, net.IPv4(127, 0, 0, 1))).(*http.Transport)
	transport.Proxy = nil
	image, err := New(nil, WithTransport(transport)).Image(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if image.Status != Unknown || image.Unreachable == nil || !strings.Contains(image.Answer, "an address that is loopback") || asked.Load() {
		t.Errorf("%v, %s; asked: %v", image.Status, image.Answer, asked.Load())
	}
}
