package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/canpull/canpull/report"
)

// sarif writes a log with a run for each service, for code scanning. What was not diagnosed is a run that did not succeed.
func sarif(w io.Writer, results []result, artifact string) error {
	var log struct {
		Schema  string           `json:"$schema"`
		Version string           `json:"version"`
		Runs    []map[string]any `json:"runs"`
	}
	var runs []map[string]any
	for _, r := range results {
		var b bytes.Buffer
		if err := report.SARIF(&b, r.diagnosis, report.WithArtifact(artifact)); err != nil {
			return err
		}
		log.Runs = nil
		if err := json.Unmarshal(b.Bytes(), &log); err != nil {
			return err
		}
		for _, run := range log.Runs {
			// GitHub takes one run for each ID; two services may share a task definition.
			run["automationDetails"] = map[string]any{"id": "canpull/preflight/" + printable(r.name) + "/"}
			if r.err != nil {
				message := map[string]any{"text": fmt.Sprintf("%s was not diagnosed: %s", printable(r.name), printable(r.err.Error()))}
				run["invocations"] = []any{map[string]any{"executionSuccessful": false, "toolExecutionNotifications": []any{
					map[string]any{"level": "warning", "message": message}}}}
			}
			runs = append(runs, run)
		}
	}
	log.Runs = runs
	return json.NewEncoder(w).Encode(log)
}
