#!/usr/bin/env bash
# Puts Amazon's own DynamoDB engine (DynamoDB Local, from Maven Central) into .tools/dynamodb_local, and with `run PORT` starts it in memory.
# A second judge of what the storage adapter relies on: PartiQL, conditions and transactions.
set -euo pipefail
cd "$(dirname "$0")/../.."
VERSION=2.6.0
home=$PWD/.tools/dynamodb_local
if [ ! -f "$home/.complete-$VERSION" ]; then
    rm -rf "$home" && mkdir -p "$home"
    cat >"$home/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>payhook</groupId><artifactId>dynamodb-local</artifactId><version>1</version>
<dependencies><dependency><groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>$VERSION</version></dependency></dependencies>
</project>
POM
    (cd "$home" && mvn -q -B dependency:copy-dependencies -DoutputDirectory="$home/lib" >&2)
    touch "$home/.complete-$VERSION"
fi
if [ "${1:-}" = run ]; then
    native=$home/lib
    exec java -Djava.library.path="$native" -Dsqlite4java.library.path="$native" -DDDBLOCAL_TELEMETRY=0 \
        -cp "$home/lib/*" com.amazonaws.services.dynamodbv2.local.main.ServerRunner -inMemory -disableTelemetry -port "${2:?run PORT}"
fi
