# Two images of one server:
#
#   lean   searches with the embedded engines; no Julia
#   full   PySR as well, with Julia and its packages installed, compiled and tried
#
#   docker build --target lean --tag ansatz .
#
# BASE is any image with Python 3.11 or newer, its venv module and certificates of authorities. Where packages come from
# another index than PyPI, give pip's configuration for the time of the build:
#
#   docker build --secret id=pip.conf,src=pip.conf …

ARG BASE=docker.io/library/python:3.11-slim-bookworm

# What the server needs, without the server: this layer stays while only the code changes. Operon asks for scikit-learn
# and pandas for an interface that is not used here.
FROM ${BASE} AS lean-packages
RUN python3 -m venv /pip && python3 -m venv --without-pip /venv \
 && mkdir -p /build/proto/ansatz /build/client/ansatz /build/discovery/ansatz /build/service/ansatz
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /pip/bin/pip --python /venv/bin/python install --no-cache-dir ".[lean,postgres,tracing]" \
 && /pip/bin/pip --python /venv/bin/python uninstall --yes ansatz-discovery pandas scikit-learn joblib narwhals \
 && find /venv -type d -name tests -prune -exec rm -rf {} + \
 && echo /app > "$(/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ansatz.pth"

FROM lean-packages AS full-packages
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /pip/bin/pip --python /venv/bin/python install --no-cache-dir ".[server]" \
 && /pip/bin/pip --python /venv/bin/python uninstall --yes ansatz-discovery

# The server itself.
FROM lean-packages AS package
COPY proto proto
COPY client client
COPY discovery discovery
COPY service service
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /pip/bin/pip --python /venv/bin/python install --no-cache-dir --no-deps --target /app .

# Where it runs.
FROM ${BASE} AS runtime
RUN groupadd --gid 10001 ansatz \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin ansatz \
 && install --directory --owner 10001 --group 10001 --mode 0700 /data
ENV PATH=/venv/bin:/app/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    ANSATZ_LISTEN=0.0.0.0:50051 \
    ANSATZ_DATA_DIR=/data \
    ANSATZ_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 50051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["python", "-P", "-m", "ansatz.service.health"]
ENTRYPOINT ["ansatz"]
CMD ["serve"]
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Ansatz" \
      org.opencontainers.image.description="A law-discovery service: observed data in, ranked formulas out." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"

FROM runtime AS lean
COPY --from=lean-packages /venv /venv
COPY --from=package /app /app

# Julia, PySR's packages for it, compiled for old and new processors alike, and a search that must find something.
FROM full-packages AS julia
COPY --from=package /app /app
ENV PATH=/venv/bin:/app/bin:/usr/local/bin:/usr/bin:/bin \
    JULIA_DEPOT_PATH=/julia/depot \
    JULIA_CPU_TARGET="generic;sandybridge,-xsaveopt,clone_all;haswell,-rdrnd,base(1)" \
    PYTHON_JULIAPKG_PROJECT=/julia/project
COPY examples/kepler/planets.csv /build/planets.csv
RUN ansatz engines install pysr \
 && ln -s "$(python -c 'from ansatz.discovery.search.evolution.julia_runtime import find_julia; print(find_julia().executable)')" /julia/julia
RUN PYTHON_JULIACALL_EXE=/julia/julia PYTHON_JULIACALL_PROJECT=/julia/project \
    ansatz discover /build/planets.csv --target period --inputs semi_major_axis --engine pysr --budget 60 \
 && rm -rf /julia/depot/logs /julia/depot/registries

FROM runtime AS full
COPY --from=full-packages /venv /venv
COPY --from=julia /julia /julia
COPY --from=package /app /app
# What Julia writes goes to the first depot; what was compiled is read from the second. Nothing is resolved anew.
ENV JULIA_DEPOT_PATH=/tmp/julia:/julia/depot \
    JULIA_CPU_TARGET="generic;sandybridge,-xsaveopt,clone_all;haswell,-rdrnd,base(1)" \
    PYTHON_JULIACALL_EXE=/julia/julia \
    PYTHON_JULIACALL_PROJECT=/julia/project
