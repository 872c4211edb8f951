package network_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/canpull/canpull/network"
)

func encoded(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FuzzPath decides paths in whatever a snapshot may hold: it must not panic, must end, and must keep what every path
// promises.
func FuzzPath(f *testing.F) {
	for _, in := range healthy {
		for _, change := range faults {
			trip := in()
			change(trip)
			f.Add(encoded(f, trip.Topology), encoded(f, trip.to), trip.from.Subnet, "sg-task")
		}
	}
	f.Add(`{"vpc":{"nameServers":["ns"],"cidrs":["::/0"]},"subnets":[{"id":"s","cidr":"10.0.0.0/8"}]}`, `{"host":"::1"}`, "s", "")
	f.Fuzz(func(t *testing.T, topology, destination, subnet, group string) {
		var trip trip
		if json.Unmarshal([]byte(topology), &trip.Topology) != nil || trip.Topology == nil || json.Unmarshal([]byte(destination), &trip.to) != nil {
			t.Skip()
		}
		trip.from = network.Endpoint{Subnet: subnet, SecurityGroups: []string{group}}
		promised(t, trip.path())
	})
}

// promised checks what every path promises.
func promised(t *testing.T, p network.Path) {
	t.Helper()
	if len(p.Hops) == 0 {
		t.Error("a path without hops")
	}
	for _, h := range p.Hops {
		if h.Kind == "" || (h.Status == network.Open) != (h.Reason == "") {
			t.Errorf("a hop that is %s for %q: %s", h.Status, h.Reason, label(h))
		}
		if h.Depends && h.Status != network.Partial || len(h.Missing) > 0 && h.Status != network.Unknown && h.Kind != network.KindName {
			t.Errorf("a hop that is %s: %s", h.Status, label(h))
		}
	}
	if p.Status() == network.Closed && len(p.Blocks()) == 0 {
		t.Error("a closed path without a closed hop")
	}
}

// Topologies with bytes of their JSON changed are odd in ways that nobody thought of.
func TestOddTopologies(t *testing.T) {
	const seed = 5
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	alphabet := []byte(`0123456789.:/-,"{}[]abnulte`)
	decoded := 0
	for range 3000 {
		trip, _ := someTrip(random)
		text := []byte(encoded(t, trip.Topology))
		for range 1 + random.IntN(6) {
			text[random.IntN(len(text))] = alphabet[random.IntN(len(alphabet))]
		}
		trip.Topology = new(network.Topology)
		if json.Unmarshal(text, trip.Topology) != nil {
			continue
		}
		decoded++
		promised(t, trip.path())
	}
	if decoded < 300 {
		t.Errorf("only %d topologies could be decoded", decoded)
	}
}
