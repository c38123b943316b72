# Plaudit alone: `docker build --tag plaudit .`; compose.yaml runs it beside PostgreSQL.
# Nothing unlocked is fetched, and what builds it stays behind.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements-build.lock requirements-runtime.lock ./
RUN python -m pip install --require-hashes --requirement requirements-build.lock
RUN python -m venv --without-pip /opt/plaudit
RUN python -m pip --python /opt/plaudit/bin/python install --only-binary :all: --require-hashes --requirement requirements-runtime.lock
COPY pyproject.toml README.md ./
COPY src ./src
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheel .
RUN python -m pip --python /opt/plaudit/bin/python install --no-deps --no-index --find-links /wheel plaudit

FROM python:3.11-slim
RUN install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/plaudit
COPY --from=build /opt/plaudit /opt/plaudit
ENV PATH=/opt/plaudit/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PLAUDIT_HOST=0.0.0.0 PLAUDIT_PORT=8000 PLAUDIT_DATA_DIR=/var/lib/plaudit
USER 10001:10001
WORKDIR /var/lib/plaudit
VOLUME /var/lib/plaudit
EXPOSE 8000
STOPSIGNAL SIGTERM
# Whether the process answers. Whether it can store votes is /readyz: starting it again would not help with that.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import http.client, os; asked = http.client.HTTPConnection('127.0.0.1', int(os.environ['PLAUDIT_PORT']), timeout=4); asked.request('GET', '/livez'); raise SystemExit(asked.getresponse().status != 200)"]
ENTRYPOINT ["plaudit"]
CMD ["serve"]
