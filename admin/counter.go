package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"posta/words"
)

// Bounds of a Counter: how many hand in at once and how many connections there
// are, of all users and of each, and how long one may take.
const (
	atCounter    = 64
	eachHandsIn  = 16
	connections  = 512
	eachConnects = 128
	counterTime  = 5 * time.Minute
)

// Counter is a socket at which every user of this machine may hand in mail,
// and do nothing else. Who it is says the system; where it cannot, it is
// nobody, whatever name is claimed. Who may come says the socket's folder.
type Counter struct {
	listener net.Listener
	http     http.Server
}

// OpenCounter listens at a path for mail.submit. A socket that a server left
// behind is replaced.
func OpenCounter(path string, table *Table) (*Counter, error) {
	if err := vacate(path); err != nil {
		return nil, err
	}
	_ = os.MkdirAll(filepath.Dir(path), 0o755) // where it cannot be made, listening says why
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o666)
	}
	if err != nil {
		return nil, words.FailOf(err, "submit.socket", words.Args{"File": path})
	}
	return newCounter(l, table), nil
}

func newCounter(l net.Listener, table *Table) *Counter {
	c := &Counter{listener: l}
	c.http = http.Server{
		Handler:           &clerk{table, newShares(atCounter, eachHandsIn)},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       counterTime,
		MaxHeaderBytes:    16 << 10,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			var who peer
			if g, ok := conn.(*guest); ok {
				who = g.who
			}
			return context.WithValue(ctx, peerKey{}, who)
		},
	}
	c.http.SetKeepAlivesEnabled(false) // a message a connection
	return c
}

// vacate removes a socket that nobody answers at.
func vacate(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return words.FailOf(err, "submit.socket_file", words.Args{"File": path})
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		conn.Close()
		return words.Fail("submit.socket_used", words.Args{"File": path})
	}
	return os.Remove(path)
}

// userName is what the system calls a user by its number.
func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid-" + id
}

// Serve answers until ctx is done, and lets those at the counter finish.
func (c *Counter) Serve(ctx context.Context) error {
	return serveUntil(ctx, &c.http, &turnstile{c.listener, newShares(connections, eachConnects)}, func() {})
}

// clerk takes what is handed in.
type clerk struct {
	table *Table
	busy  *shares
}

func (k *clerk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if r.Method != http.MethodPost || name != "mail.submit" || r.Header.Get("Content-Type") != uploadType {
		http.Error(w, "here only mail is handed in; use posta sendmail", http.StatusForbidden)
		return
	}
	who, _ := r.Context().Value(peerKey{}).(peer)
	if !k.busy.take(who) {
		answer(w, http.StatusServiceUnavailable, refusal("temporary", "submit.busy"))
		return
	}
	defer k.busy.leave(who)
	raw, octets, err := receiveRequest(w, r)
	if err != nil {
		answer(w, http.StatusBadRequest, &Error{Code: "invalid", Text: err.Error()})
		return
	}
	ctx := context.WithValue(r.Context(), userKey{}, who.name())
	result, err := k.table.run(ctx, call{"sendmail socket", name, raw, octets})
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, err)
		return
	}
	answer(w, http.StatusOK, result)
}

// DialCounter finds a server that listens at a path for mail to be handed in,
// or gives ErrNoServer.
func DialCounter(ctx context.Context, path string) (*Client, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx, "", "")
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("admin: sendmail socket: %w", err)
	}
	if err != nil {
		return nil, ErrNoServer
	}
	conn.Close()
	return &Client{http: http.Client{Transport: &http.Transport{DialContext: dial}}}, nil
}
