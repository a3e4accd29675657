# posta: what to type.
#   make run     build, and start a lab with a domain, accounts and all ports
#   make check   the quick look before a commit
#   make test    everything, with real mail programs
#   make dist    archives to download, for all systems, in bin/dist
GO      ?= go
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w'
TARGETS := linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64

.DEFAULT_GOAL := build

.PHONY: run build test check race fuzz soak others bench bench-read cross dist clean

run: build
	bin/posta quickstart $(ARGS)

build:
	$(BUILD) -o bin/posta ./cmd/posta

check:
	@test/stage gofmt sh -c 'out=$$(gofmt -l $$(git ls-files -co --exclude-standard "*.go")); test -z "$$out" || { echo "gofmt would change: $$out"; exit 1; }'
	@test/stage vet $(GO) vet ./...
	@test/stage staticcheck $(GO) tool -modfile=tools/go.mod staticcheck ./...
	@test/stage unit $(GO) test ./...

test: build
	@test/all

race:
	@test/stage race test/race

fuzz:
	@test/fuzz $(or $(FUZZTIME),20s)

soak: build
	@SOAK=1 test/all

# posta against Postfix, Exim, OpenSMTPD and Dovecot alone, which make test tries where it can.
others: build
	@test/setup
	@test/stage others $(GO) test -count=1 -tags whole,others -run 'TestPostfix|TestExim|TestOpenSMTPD|TestDovecot' ./test/peers

bench: build
	@bench/compare

bench-read: build
	@$(GO) run ./bench/readspeed -posta bin/posta -size $(or $(SIZE),1024)

cross:
	@for t in $(TARGETS); do \
	  test/stage "cross $$t" env GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 $(GO) build -trimpath -o /dev/null ./cmd/posta || exit 1; \
	done

dist:
	@$(GO) run ./dist

clean:
	rm -rf bin
