package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/canpull/canpull/checks"
)

// largest is the size of a report that Decode reads, in bytes: some 30,000 findings.
const largest = 64 << 20

// Decode reads the one report that [JSON] wrote. What encodes it again writes the same; the facts behind it
// ([checks.Diagnosis.Facts]) and the ends of its paths are not in it. A key that is not known is passed over, as a later
// version of this package may have written it.
//
// It is an error when the report is of a newer version, is cut off or larger than 64 MiB, lacks its findings, or holds a
// name that there is not, such as that of a status.
func Decode(r io.Reader) (checks.Diagnosis, error) {
	d, err := decoded(io.LimitReader(r, largest+1))
	if err != nil {
		return checks.Diagnosis{}, fmt.Errorf("report: %w", err)
	}
	return d, nil
}

func decoded(r io.Reader) (checks.Diagnosis, error) {
	data, err := io.ReadAll(r)
	switch {
	case err != nil:
		return checks.Diagnosis{}, err
	case len(data) > largest:
		return checks.Diagnosis{}, fmt.Errorf("it is larger than %d bytes", largest)
	}
	var head struct{ Version *int }
	switch err := json.Unmarshal(data, &head); {
	case err != nil:
		return checks.Diagnosis{}, fmt.Errorf("it is no JSON report: %w", err)
	case head.Version == nil:
		return checks.Diagnosis{}, errors.New("it is no JSON report: it has no version")
	case *head.Version > version:
		return checks.Diagnosis{}, fmt.Errorf("it is of version %d, and this package reads version %d", *head.Version, version)
	case *head.Version < 1:
		return checks.Diagnosis{}, fmt.Errorf("there is no version %d", *head.Version)
	}
	var in struct {
		Task        checks.Task
		Findings    []json.RawMessage
		Paths       []checks.Path
		Assumptions []string
		Started     time.Time
		Elapsed     seconds
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return checks.Diagnosis{}, err
	}
	if in.Findings == nil {
		return checks.Diagnosis{}, errors.New("it has no findings: an empty list would say that there are none")
	}
	if _, err := in.Started.UTC().MarshalText(); err != nil { // JSON could not write it again
		return checks.Diagnosis{}, fmt.Errorf("started: %w", err)
	}
	d := checks.Diagnosis{Task: in.Task, Findings: make([]checks.Finding, len(in.Findings)), Paths: in.Paths,
		Assumptions: in.Assumptions, Started: in.Started, Elapsed: time.Duration(in.Elapsed)}
	for i, raw := range in.Findings {
		if d.Findings[i], err = decodedFinding(raw); err != nil {
			return checks.Diagnosis{}, fmt.Errorf("finding %d: %w", i, err)
		}
	}
	return d, nil
}

// decodedFinding wants a stage and a status, because their zero values would say something.
func decodedFinding(raw []byte) (checks.Finding, error) {
	var in struct {
		checks.Finding
		Stage  *checks.Stage  `json:"stage"`
		Status *checks.Status `json:"status"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return checks.Finding{}, err
	}
	if in.Stage == nil || in.Status == nil {
		return checks.Finding{}, errors.New("it has no stage or no status")
	}
	f := in.Finding
	f.Stage, f.Status = *in.Stage, *in.Status
	return f, nil
}
