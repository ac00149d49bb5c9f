# Builds the binary and lays it out with its libraries (tools/bundle), so that it runs in any image of the architecture.
#
#   docker build -f docker/build.Dockerfile -t outrigger-bundle .
ARG DEBIAN=debian:12
FROM ${DEBIAN} AS build
WORKDIR /src
COPY . .
RUN tools/build release outrigger outriggerctl && \
    tools/bundle build/release/proxy/outrigger /bundle build/release/tools/outriggerctl

# Nothing but the bundle: other images copy from here.
FROM scratch
COPY --from=build /bundle /
