# posta alone in an image: no shell, no system, no root.
#
#   docker build -t posta .
#   docker run --rm -p 25:25 -p 110:110 -v posta:/data posta quickstart --lan    # a lab
#   docker run -d --name mail -p 25:25 -p 465:465 -p 587:587 -p 995:995 -v posta:/data posta # a server
#   docker exec mail /posta domain add pepito.es
#   docker exec mail /posta account add pepe@pepito.es --generate
#   docker run -d --name sink -p 1025:1025 -p 1110:1110 posta quickstart --mode sink --ephemeral --lan
#   docker exec sink /posta message wait --to ana@example.net --json
FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/posta ./cmd/posta
RUN mkdir -p /out/data && chmod 700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/posta /posta
COPY --from=build --chown=65532:65532 /out/data /data
ENV POSTA_DATA=/data
# There is no /tmp.
ENV TMPDIR=/data
USER 65532:65532
VOLUME /data
EXPOSE 25 465 587 110 995
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/posta", "health"]
ENTRYPOINT ["/posta"]
CMD ["serve"]
