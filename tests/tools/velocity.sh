#!/usr/bin/env bash
# Puts Apache Velocity (from Maven Central) into .tools/velocity, once for each version, and
# compiles the renderer of tests/velocity against it. With `run VERSION` it renders the cases on
# stdin (protocol: tests/velocity/Render.java). AWS says only that API Gateway uses Velocity. 1.7 is
# the version of its years, 2.4.1 is the newest.
set -euo pipefail
cd "$(dirname "$0")/../.."
VERSIONS=(1.7 2.4.1)
source=$PWD/tests/velocity/Render.java
home=$PWD/.tools/velocity
classes=$home/classes-$(sha256sum "$source" | cut -c1-16)
mkdir -p "$home"
# Tests run in several processes: one of them fetches, the others wait.
exec 9>"$home/.lock"
flock 9
artifact() { [ "$1" = 1.7 ] && echo velocity || echo velocity-engine-core; }
# What the artifact's own POM asks for, but for commons-collections: 3.2.1 has known holes.
extra() {
    [ "$1" = 1.7 ] || return 0
    echo "<dependency><groupId>commons-collections</groupId><artifactId>commons-collections</artifactId><version>3.2.2</version></dependency>"
}
for version in "${VERSIONS[@]}"; do
    folder=$home/$version
    [ ! -f "$folder/.complete" ] || continue
    rm -rf "$folder" && mkdir -p "$folder"
    cat >"$folder/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>payhook</groupId><artifactId>velocity</artifactId><version>1</version>
<dependencies><dependency><groupId>org.apache.velocity</groupId><artifactId>$(artifact "$version")</artifactId><version>$version</version></dependency>
$(extra "$version")</dependencies>
</project>
POM
    (cd "$folder" && mvn -q -B dependency:copy-dependencies -DoutputDirectory="$folder/lib" >&2)
    touch "$folder/.complete"
done
if [ ! -d "$classes" ]; then
    rm -rf "$home"/classes-*
    javac -nowarn -cp "$home/${VERSIONS[0]}/lib/*" -d "$classes.new" "$source" >&2
    mv "$classes.new" "$classes"
fi
flock -u 9
if [ "${1:-}" = run ]; then
    exec java -XX:TieredStopAtLevel=1 -Xshare:auto -cp "$classes:$home/${2:?run VERSION}/lib/*" Render
fi
