# syntax=docker/dockerfile:1
# No container engine was at hand where this was written: it was checked by reading, and its Python steps by running them
# outside a container. requirements-server.txt leaves the embedded MongoDB out: a server is given MONGODB_URI.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
WORKDIR /src
COPY requirements-uv.txt requirements-server.txt ./
RUN python -m pip install --quiet --root-user-action=ignore --require-hashes -r requirements-uv.txt \
 && uv venv /opt/media-tracker \
 && uv pip install --python /opt/media-tracker/bin/python --require-hashes -r requirements-server.txt
COPY . .
RUN uv build --wheel --build-constraints constraints.txt -o /tmp/dist \
 && uv pip install --python /opt/media-tracker/bin/python --no-deps /tmp/dist/*.whl

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/media-tracker --create-home media-tracker
COPY --from=build /opt/media-tracker /opt/media-tracker
ENV PATH=/opt/media-tracker/bin:$PATH PYTHONUNBUFFERED=1 MEDIA_TRACKER_DATA_DIR=/var/lib/media-tracker MEDIA_TRACKER_LOG_FORMAT=json
USER 10001
WORKDIR /var/lib/media-tracker
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["media-tracker", "serve", "--host", "0.0.0.0"]
