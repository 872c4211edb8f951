package registry

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// defaultTransport is http.DefaultTransport with a bound on what a registry may send before its body. It keeps few
// connections, as a registry is asked two or three questions and then none for a long time.
func defaultTransport() http.RoundTripper { return newTransport(nil) }

func newTransport(names *net.Resolver) *transport {
	d := net.Dialer{Timeout: exchangeBound, KeepAlive: 30 * time.Second, Resolver: names, ControlContext: checkAddress}
	return &transport{http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            d.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: headerLimit,
	}}
}

// transport lets no registry send this machine to itself by a name, as refusal lets none by an address.
type transport struct{ http.Transport }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	own, _ := r.Context().Value(visited{}).(string)
	proxy, err := t.Proxy(r)
	if name, _ := splitPort(r.URL.Host); own != "" && name != own && err == nil && proxy == nil { // a proxy has its own view of names
		r = r.WithContext(context.WithValue(r.Context(), guarded{}, reachOf(own)))
	}
	return t.Transport.RoundTrip(r)
}

type (
	visited struct{} // the key of the host that the reference names
	guarded struct{} // the key of how far its name reaches, in a request to another host
)

func inVisit(ctx context.Context, ref Reference) context.Context {
	own, _ := splitPort(ref.apiHost())
	return context.WithValue(ctx, visited{}, own)
}

// checkAddress refuses the address that a name stands for when it is dialled: where it led before proves nothing. Nothing that
// is link-local is asked, among it the metadata services; this machine itself only by the name in the reference.
func checkAddress(ctx context.Context, _, address string, _ syscall.RawConn) error {
	from, isGuarded := ctx.Value(guarded{}).(reach)
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return addressError("what is no address")
	}
	if r := reachOf(at.Addr().WithZone("").String()); r == linkLocal || isGuarded && r == loopback && from != loopback {
		return addressError(fmt.Sprintf("an address that is %s", r))
	}
	return nil
}

// addressError says why an address was not dialled.
type addressError string

func (e addressError) Error() string { return string(e) }
