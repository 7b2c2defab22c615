# syntax=docker/dockerfile:1
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/skipline
WORKDIR /src
# The requirements change less often than the code, so that their layer is kept.
COPY requirements/run.txt requirements/build.txt requirements/
RUN /opt/skipline/bin/pip install --require-hashes --requirement requirements/run.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --requirement requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY plugins plugins
COPY components components
COPY state state
COPY persistence persistence
COPY integrations integrations
COPY sandbox sandbox
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/skipline/bin/pip install --no-deps --no-index /dist/*.whl

FROM python:${PYTHON}-slim
RUN useradd --system --uid 1000 --home-dir /data --shell /usr/sbin/nologin skipline \
 && install --directory --owner=skipline --group=skipline --mode=0700 /data
COPY --from=build /opt/skipline /opt/skipline
# docker build --build-arg REVISION=$(git rev-parse HEAD) . makes /about say which commit runs.
ARG REVISION=
ENV PATH=/opt/skipline/bin:$PATH PYTHONUNBUFFERED=1 SKIPLINE_DATA_DIR=/data SKIPLINE_REVISION=$REVISION
USER skipline
WORKDIR /data
VOLUME /data
# It drains on SIGTERM; give it the time.
STOPSIGNAL SIGTERM
ENTRYPOINT ["skipline"]
CMD ["run"]
