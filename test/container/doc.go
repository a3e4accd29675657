// Package container walks the steps of the Dockerfile without an engine: the
// build it asks for, a root folder with nothing but what it copies, its user,
// its environment, its commands, its health check, its stop signal.
package container
