package main

import _ "embed"

// demoPlan is what Terraform plans for demo/main.tf, in the account of the embedded scenario.
//
//go:embed demo/plan.json
var demoPlan []byte
