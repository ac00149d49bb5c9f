# Istio's proxy image with Outrigger in the place of Envoy: agent, bootstrap template and iptables program stay as they are. The image
# must be of the version that the control plane has.
#
#   docker build -f docker/istio.Dockerfile --build-arg ISTIO_PROXY=istio/proxyv2:1.31.0 -t example/proxyv2:1.31.0-outrigger .
ARG BUNDLE=outrigger-bundle
ARG ISTIO_PROXY
FROM ${BUNDLE} AS bundle

FROM ${ISTIO_PROXY}
COPY --from=bundle /opt/outrigger /opt/outrigger
COPY --from=bundle /usr/local/bin/outrigger /usr/local/bin/envoy
