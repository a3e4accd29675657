package main

import (
	"net"
	"os"
)

// notify tells systemd how the service is, where a unit with Type=notify
// started it: "READY=1" once everything listens, "STOPPING=1" at the end
// (sd_notify(3)). Elsewhere it does nothing.
func notify(state string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(state))
	return err
}
