package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Upload is the request of an operation that takes octets besides: a message.
type Upload struct {
	Request any       // as JSON
	Octets  io.Reader // read once
}

// uploadType is how a request with octets is told from others on a socket: its
// body is the JSON on one line, and behind that the octets.
const uploadType = "application/x-posta-upload"

// maxUploadRequest bounds the JSON before the octets.
const maxUploadRequest = 1 << 20

// taking makes an Operation of a typed function that reads octets, too. It has
// no line in the audit log: what is handed in is a session of its own.
func taking[In, Out any](name string, run func(context.Context, In, io.Reader) (Out, error)) Operation {
	return Operation{name, false, aboutOf[In], func(ctx context.Context, raw json.RawMessage, octets io.Reader) (any, error) {
		var in In
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, refusal("refused", "admin.bad_request", "Name", name, "Error", err)
		}
		return run(ctx, in, octets)
	}}
}

// apart takes an Upload apart; other requests have no octets.
func apart(in any) (request any, octets io.Reader) {
	if up, ok := in.(Upload); ok {
		return up.Request, up.Octets
	}
	return in, nil
}

// receiveRequest reads a request from a socket, of an Upload only its JSON.
func receiveRequest(w http.ResponseWriter, r *http.Request) (json.RawMessage, io.Reader, error) {
	if r.Header.Get("Content-Type") != uploadType {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		return raw, nil, err
	}
	body := bufio.NewReader(r.Body)
	var raw []byte
	for {
		piece, err := body.ReadSlice('\n')
		if raw = append(raw, piece...); len(raw) > maxUploadRequest {
			return nil, nil, fmt.Errorf("admin: the request before the message is larger than %d octets", maxUploadRequest)
		}
		if err == nil {
			return raw, body, nil
		}
		if err != bufio.ErrBufferFull {
			return nil, nil, fmt.Errorf("admin: reading the request: %w", err)
		}
	}
}
