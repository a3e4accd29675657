//go:build whole && linux

package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"posta/admin"
	"posta/config"
	"posta/directory"
	"posta/server"
)

// childEnv carries the setting of a child; a test binary that finds it is one.
const childEnv = "POSTA_FAULTS_CHILD"

// exitStore is the status of a child whose store failed.
const exitStore = 3

// setting is what a child is told.
type setting struct {
	Data     string
	Mount    []string // arguments of a mount(8) in the child's own mount namespace
	Accounts []string // made at the first start
	Cut      string   // "", or what a power cut keeps of unsynced octets: keepsNone, keepsSome
	Capacity int64    // octets that SQLite's files may have; 0: as the disk has
	Seed     uint64
	Gauge    bool // the memory is measured
	Queue    bool // no house: mail goes through the store's queue, and what is true is said
}

// ready is what a child says when it listens.
type ready struct {
	PID  int
	SMTP string
	POP3 string
}

func TestMain(m *testing.M) {
	if told := os.Getenv(childEnv); told != "" {
		os.Exit(child(told))
	}
	os.Exit(m.Run())
}

// child is one posta, from its start to its end.
func child(told string) int {
	var s setting
	err := json.Unmarshal([]byte(told), &s)
	if err == nil {
		err = live(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "posta:", err)
	}
	switch {
	case errors.Is(err, server.ErrStore):
		return exitStore
	case err != nil:
		return 1
	}
	return 0
}

func live(s setting) error {
	allowTracer()
	if len(s.Mount) > 0 {
		if out, err := exec.Command("mount", s.Mount...).CombinedOutput(); err != nil {
			return fmt.Errorf("mount: %w: %s", err, out)
		}
	}
	var disk *memoryDisk
	if s.Cut != "" || s.Capacity > 0 {
		var err error
		if disk, err = installDisk(s); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if s.Queue {
		err := keepQueue(ctx, s, func() { go obey(cancel, disk, nil) })
		runtime.KeepAlive(disk)
		return err
	}
	h, err := server.Open(ctx, s.config(), server.Options{
		Version: "test", Cost: directory.Cost{Memory: 64, Time: 1, Iterations: 4096},
		Report: func(err error) { fmt.Fprintln(os.Stderr, "report:", err) },
	})
	if err != nil {
		return err
	}
	if err := populate(ctx, h, s.Accounts); err != nil {
		return errors.Join(err, h.Close())
	}
	bounds, err := h.Listen(ctx)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	say := ready{PID: os.Getpid(), SMTP: bounds[0].Actual, POP3: bounds[1].Actual}
	if err := json.NewEncoder(os.Stdout).Encode(say); err != nil {
		return err
	}
	g := &gauge{}
	if s.Gauge {
		go g.watch()
	}
	go obey(cancel, disk, g)
	err = h.Serve(ctx)
	if !errors.Is(err, server.ErrStore) {
		err = errors.Join(err, h.Close())
	}
	runtime.KeepAlive(disk) // the engine points to it, and nobody else does at the end
	return err
}

// config is a strict port 25, and a POP3 port that takes a password in clear.
func (s setting) config() config.Config {
	cfg := config.Lab()
	cfg.Hostname = "mail.test"
	cfg.DefaultDomain = domain
	cfg.Data = s.Data
	var smtp, pop3 config.Listener
	for _, l := range cfg.Listeners {
		l.Addr = "127.0.0.1:0"
		switch l.Name {
		case config.SMTP:
			smtp = l
			smtp.Mode = config.ModeStrict
			smtp.MaxMessage = 64 << 20
			smtp.MaxPerAddress = 0
		case config.POP3:
			pop3 = l
		}
	}
	cfg.Listeners = []config.Listener{smtp, pop3}
	if s.Gauge { // what is recorded has a bound of its own, and is not what is measured
		cfg.Record.MaxSize, cfg.Record.MaxSession = recorded, recorded/16
	}
	return *cfg
}

func populate(ctx context.Context, h *server.House, accounts []string) error {
	ops := h.Operations()
	var missing *admin.Error
	err := ops.Call(ctx, "domain.show", admin.DomainName{Name: domain}, nil)
	if err == nil || !errors.As(err, &missing) || missing.Code != "not_found" {
		return err
	}
	if err := ops.Call(ctx, "domain.add", admin.DomainChange{Name: domain}, nil); err != nil {
		return err
	}
	for _, a := range accounts {
		word := password
		if err := ops.Call(ctx, "account.add", admin.AccountChange{Address: a + "@" + domain, Password: &word}, nil); err != nil {
			return err
		}
	}
	return nil
}

// obey does what the parent says on standard input, and ends the house when
// the parent is gone.
func obey(end func(), disk *memoryDisk, g *gauge) {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		switch in.Text() {
		case "cut":
			disk.cut()
			os.Exit(exitStore)
		case "memory":
			_ = json.NewEncoder(os.Stdout).Encode(g.read())
		}
	}
	end()
}

// gauge keeps the most that was live on the heap.
type gauge struct{ live, inUse atomic.Uint64 }

// memory is what a gauge read: octets.
type memory struct {
	Live     uint64 // on the heap after a collection, at most
	InUse    uint64 // on the heap with garbage, at most
	Resident uint64 // of the process, at most: the engine's cache too
}

func samples() []metrics.Sample {
	return []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
}

// watch collects all the time, so that what is live is known at every moment.
func (g *gauge) watch() {
	debug.SetGCPercent(20)
	samples := samples()
	for range time.Tick(2 * time.Millisecond) {
		g.sample(samples)
	}
}

func (g *gauge) sample(samples []metrics.Sample) {
	metrics.Read(samples)
	raise(&g.live, samples[0].Value.Uint64())
	raise(&g.inUse, samples[1].Value.Uint64())
}

func raise(to *atomic.Uint64, v uint64) {
	if v > to.Load() {
		to.Store(v)
	}
}

// read gives the most since the last time, and starts anew.
func (g *gauge) read() memory {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	m := memory{Live: g.live.Load(), InUse: g.inUse.Load(), Resident: uint64(use.Maxrss) << 10}
	runtime.GC()
	g.live.Store(0)
	g.inUse.Store(0)
	g.sample(samples()) // a time that ends before the next tick has been seen, too
	return m
}

// allowTracer lets a strace that is not our parent attach, where the Yama
// module would refuse.
func allowTracer() {
	const setPtracer, anybody = 0x59616d61, ^uintptr(0)
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setPtracer, anybody, 0)
}
