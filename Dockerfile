# keyaudit, without the demo. Build:  docker build -t keyaudit .
# Run:    docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#           -v "$PWD/estate:/etc/keyaudit:ro" -v keyaudit:/var/lib/keyaudit keyaudit run nightly --estate estate.yaml
# docs/schedule.md says more. Give BASE with a digest, so that the same base is used the next time.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY scanner scanner
COPY controls controls
COPY templates templates
RUN python -m pip wheel --no-deps --wheel-dir /wheels . \
 && python -m venv /opt/keyaudit \
 && /opt/keyaudit/bin/python -m pip install --only-binary :all: \
      "$(echo /wheels/keyaudit-*.whl)[azure,gcp,history,hsm,leaks,postgres,schedule,sign,vendors]"

FROM ${BASE}
LABEL org.opencontainers.image.title="keyaudit" \
      org.opencontainers.image.description="Compliance audit and evidence-collection scanner for cryptographic keys" \
      org.opencontainers.image.licenses="Apache-2.0"
# What WeasyPrint draws with, as in the Makefile. The cache of fonts is made now: later nothing can be written.
# hadolint ignore=DL3008
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      libpango-1.0-0 \
      libpangoft2-1.0-0 \
      libharfbuzz-subset0 \
      fonts-dejavu-core \
      fonts-liberation \
 && rm -rf /var/lib/apt/lists/* \
 && fc-cache --force --system-only \
 && groupadd --gid 10001 keyaudit \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/keyaudit --shell /usr/sbin/nologin keyaudit \
 && install -d -m 0700 -o 10001 -g 10001 /var/lib/keyaudit \
 && install -d -m 0755 /etc/keyaudit
COPY --from=build /opt/keyaudit /opt/keyaudit
ENV PATH=/opt/keyaudit/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/keyaudit \
    TMPDIR=/tmp \
    XDG_CACHE_HOME=/tmp/.cache \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KEYAUDIT_HEALTH_FILE=/tmp/keyaudit-health
# All that is written: temporary files, and what is to be kept.
VOLUME ["/tmp", "/var/lib/keyaudit"]
WORKDIR /etc/keyaudit
USER 10001:10001
# Of `schedule run`. A container that runs one command has no health file, and is not called ill for that.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["keyaudit", "schedule", "health", "--absent-ok"]
ENTRYPOINT ["keyaudit"]
CMD ["--help"]
