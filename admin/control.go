package admin

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// ErrNoServer says that no server runs on the data directory.
var ErrNoServer = errors.New("admin: no server runs on this data directory")

// ErrBroken says that the server ended, or its connection, before it had answered.
var ErrBroken = errors.New("admin: the server gave no answer")

// maxRequest bounds what the control socket reads of one request.
const maxRequest = 16 << 20

// door is what the file "control" in the data directory says: where the
// running server listens, and the word that proves a caller may read the file.
type door struct {
	Network string `json:"network"` // unix, or tcp on loopback where there are no unix sockets
	Addr    string `json:"addr"`
	Token   string `json:"token"`
	PID     int    `json:"pid"`
}

// Control is the control socket of a running server.
type Control struct {
	listener net.Listener
	http     http.Server
	file     string
	door     door
}

// OpenControl listens in the data directory. Only who can read the directory's
// files can call: the socket and the file with its token have mode 0600.
func OpenControl(data string, table *Table) (*Control, error) {
	token := make([]byte, 24)
	if _, err := rand.Read(token); err != nil {
		return nil, err
	}
	c := &Control{file: filepath.Join(data, "control"), door: door{Token: hex.EncodeToString(token), PID: os.Getpid()}}
	os.Remove(c.file) // left by a server that was killed: its word would be wrong at the new socket
	var err error
	if c.listener, err = listenControl(data); err != nil {
		return nil, fmt.Errorf("admin: control socket: %w", err)
	}
	c.door.Network, c.door.Addr = c.listener.Addr().Network(), c.listener.Addr().String()
	raw, err := json.Marshal(c.door)
	if err == nil {
		err = writePrivate(c.file, raw)
	}
	if err != nil {
		c.listener.Close()
		return nil, fmt.Errorf("admin: control socket: %w", err)
	}
	c.http = http.Server{
		Handler:           &handler{table, c.door.Token},
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
	return c, nil
}

// listenControl prefers a unix socket; its path may be too long for the
// system, and some systems have none.
func listenControl(data string) (net.Listener, error) {
	path := filepath.Join(data, "control.sock")
	if runtime.GOOS != "windows" && len(path) < 100 {
		os.Remove(path) // left by a server that was killed; the store's lock says none runs
		l, err := net.Listen("unix", path)
		if err == nil {
			return l, os.Chmod(path, 0o600)
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// writePrivate puts a whole new file in place of an old one.
func writePrivate(path string, data []byte) error {
	next := path + ".new"
	os.Remove(next)
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// Serve answers until ctx is done, and lets those who have asked hear the answer.
func (c *Control) Serve(ctx context.Context) error {
	return serveUntil(ctx, &c.http, c.listener, func() { os.Remove(c.file) })
}

// patience is how long those may take who are being answered at the end.
const patience = 5 * time.Second

// serveUntil serves until ctx is done, does what is to be done first then, and
// waits until everybody has had his answer: who has none would hand the same
// message in again.
func serveUntil(ctx context.Context, s *http.Server, l net.Listener, first func()) error {
	gone := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(gone)
		first()
		bounded, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if s.Shutdown(bounded) != nil {
			_ = s.Close() // who takes longer is cut off
		}
	})
	err := s.Serve(l)
	if !stop() { // Serve returns as soon as the shutdown begins
		<-gone
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type handler struct {
	table *Table
	token string
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(given), []byte(h.token)) != 1 || r.Method != http.MethodPost {
		http.Error(w, "this is posta's control socket; use the posta command", http.StatusForbidden)
		return
	}
	raw, octets, err := receiveRequest(w, r)
	if err != nil {
		answer(w, http.StatusBadRequest, &Error{Code: "invalid", Text: err.Error()})
		return
	}
	result, err := h.table.run(r.Context(), call{"control socket", strings.TrimPrefix(r.URL.Path, "/"), raw, octets})
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, err)
		return
	}
	if s, ok := result.(Stream); ok {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Trailer", "Posta-Error")
		if err := s(r.Context(), w); err != nil {
			w.Header().Set("Posta-Error", trailer(err))
		}
		return
	}
	answer(w, http.StatusOK, result)
}

// trailer is an error behind a stream: JSON, which has no line ends.
func trailer(err error) string {
	raw, bad := json.Marshal(refuse(err))
	if bad != nil {
		return "{}"
	}
	return string(raw)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// Client calls a running server through its control socket.
type Client struct {
	http  http.Client
	token string
	PID   int
}

// Dial finds the server that runs on the data directory, or gives ErrNoServer.
func Dial(ctx context.Context, data string) (*Client, error) {
	raw, err := os.ReadFile(filepath.Join(data, "control"))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, ErrNoServer
	}
	if err != nil {
		return nil, fmt.Errorf("admin: control socket: %w", err)
	}
	var d door
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("admin: control socket: %w", err)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, d.Network, d.Addr)
	}
	conn, err := dial(ctx, "", "")
	if err != nil {
		return nil, ErrNoServer
	}
	conn.Close()
	if now, err := os.ReadFile(filepath.Join(data, "control")); err != nil || !bytes.Equal(now, raw) {
		return nil, ErrNoServer // the one that wrote it is gone, and another is just starting
	}
	return &Client{http.Client{Transport: &http.Transport{DialContext: dial}}, d.Token, d.PID}, nil
}

// Call runs an operation in the server.
func (c *Client) Call(ctx context.Context, name string, in, out any) error {
	what, octets := apart(in)
	raw, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("admin: %s: %w", name, err)
	}
	var body io.Reader = bytes.NewReader(raw)
	if octets != nil {
		body = io.MultiReader(body, strings.NewReader("\n"), octets)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://posta/"+name, body)
	if err != nil {
		return err
	}
	if octets != nil {
		request.Header.Set("Content-Type", uploadType)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusForbidden {
		return fmt.Errorf("admin: another server has begun: %w", ErrNoServer)
	}
	if response.StatusCode != http.StatusOK {
		var refusal Error
		if err := json.NewDecoder(response.Body).Decode(&refusal); err != nil {
			return fmt.Errorf("admin: control socket: %s", response.Status)
		}
		return &refusal
	}
	return receive(response, out)
}

func receive(response *http.Response, out any) error {
	if w, ok := out.(io.Writer); ok {
		if _, err := io.Copy(w, response.Body); err != nil {
			return fmt.Errorf("%w: %w", ErrBroken, err)
		}
		if text := response.Trailer.Get("Posta-Error"); text != "" {
			refusal := &Error{Code: "internal", Text: text}
			if err := json.Unmarshal([]byte(text), refusal); err != nil {
				return fmt.Errorf("admin: control socket: %w", err)
			}
			return refusal
		}
		return nil
	}
	if out == nil {
		return nil
	}
	err := json.NewDecoder(response.Body).Decode(out)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return err
}
