# A small image: the program, the libraries that it links, CA certificates, and nothing else (no
# shell, no package manager). Build:  docker build -t precis .
# On Debian 12 instead of 13:         docker build -t precis --build-arg BASE=debian:bookworm-slim .
# Run:  docker run -p 8080:8080 --read-only --cap-drop ALL --security-opt no-new-privileges precis
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
WORKDIR /src
COPY deploy/install-deps deploy/
RUN deploy/install-deps build
COPY . .
RUN meson setup /build --buildtype=release && ninja -C /build server/precis
RUN deploy/container-root /build/server/precis /rootfs

FROM scratch
COPY --from=build /rootfs /
COPY LICENSE /usr/share/doc/precis/
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
ENV PRECIS_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=5s --retries=3 CMD ["/usr/bin/precis", "health"]
ENTRYPOINT ["/usr/bin/precis"]
