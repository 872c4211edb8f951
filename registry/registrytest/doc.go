// Package registrytest holds stand-ins for what package registry asks: [Fake] for the ECR API, filled from literals
// or from the output of the AWS CLI, and [Server], a registry in this process.
package registrytest
