# Python: the interpreter with what the Pulumi program and the local cloud import, and the checks of everything written in it.
#
# What `make` pins (infra/**/requirements*.txt) and nixpkgs has in another version is taken from the package index by hash: nix/pypi.json, which a test
# compares with the requirements. What those packages need in turn comes from nixpkgs.
{
  lib,
  pkgs,
  sources,
  policy-gate,
  ...
}:
let
  inherit (pkgs.stdenv.hostPlatform) system;
  pinned = lib.importJSON ./pypi.json;

  python = pkgs.python3.override {
    packageOverrides =
      final: _:
      let
        wheel =
          pname: dependencies:
          final.buildPythonPackage {
            inherit pname dependencies;
            inherit (pinned.${pname}) version;
            format = "wheel";
            src = final.fetchPypi {
              inherit pname;
              inherit (pinned.${pname}) version hash;
              format = "wheel";
              dist = "py3";
              python = "py3";
            };
            # They name exact versions of what they need; nixpkgs has neighbours of those. The tests below say whether these do.
            dontCheckRuntimeDeps = true;
            doCheck = false;
          };
      in
      {
        payhookPulumi = wheel "pulumi" (
          with final;
          [
            debugpy
            dill
            grpcio
            opentelemetry-api
            opentelemetry-exporter-otlp-proto-grpc
            opentelemetry-instrumentation-grpc
            opentelemetry-sdk
            packaging
            protobuf
            pyyaml
            semver
          ]
        );
        payhookPulumiAws = wheel "pulumi_aws" (
          with final;
          [
            parver
            payhookPulumi
            semver
          ]
        );
        payhookPulumiRandom = wheel "pulumi_random" (
          with final;
          [
            packaging
            payhookPulumi
            semver
          ]
        );
        payhookJsonata = wheel "jsonata_python" [ ];
        payhookMinistack = wheel "ministack" (
          with final;
          [
            botocore
            defusedxml
            graphql-core
            hypercorn
            payhookJsonata
            pyyaml
          ]
        );
        payhookAirspeed = final.buildPythonPackage {
          pname = "airspeed_ext";
          inherit (pinned.airspeed_ext) version;
          pyproject = true;
          build-system = [ final.setuptools ];
          src = final.fetchPypi {
            pname = "airspeed_ext";
            inherit (pinned.airspeed_ext) version hash;
          };
          dependencies = with final; [
            cachetools
            six
          ];
          dontCheckRuntimeDeps = true;
          doCheck = false;
        };
      };
  };

  runtime =
    packages: with packages; [
      boto3
      cbor2
      cryptography
      jsonpath-ng
      payhookAirspeed
      payhookMinistack
      payhookPulumi
      payhookPulumiAws
      payhookPulumiRandom
      zstandard
    ];
  environment = python.withPackages runtime;
  testEnvironment = python.withPackages (
    packages:
    runtime packages
    ++ (with packages; [
      boto3-stubs
      duckdb
      pyarrow
      pytest
    ])
  );

  # Statically linked where it matters: the file of the wheel is the program.
  ruff = pkgs.stdenvNoCC.mkDerivation {
    pname = "ruff";
    inherit (pinned.ruff) version;
    src = python.pkgs.fetchPypi {
      pname = "ruff";
      inherit (pinned.ruff) version;
      hash = pinned.ruff.hashes.${system};
      format = "wheel";
      dist = "py3";
      python = "py3";
      platform =
        {
          x86_64-linux = "musllinux_1_2_x86_64";
          aarch64-linux = "musllinux_1_2_aarch64";
          aarch64-darwin = "macosx_11_0_arm64";
        }
        .${system};
    };
    nativeBuildInputs = [ pkgs.unzip ];
    dontUnpack = true;
    dontStrip = true;
    installPhase = ''
      unzip -q $src
      install -D ruff-*.data/scripts/ruff $out/bin/ruff
    '';
  };

  # The published bundle has everything in it but Node.
  pyright = pkgs.stdenvNoCC.mkDerivation {
    pname = "pyright";
    inherit (pinned.pyright) version;
    src = pkgs.fetchurl {
      url = "https://registry.npmjs.org/pyright/-/pyright-${pinned.pyright.version}.tgz";
      inherit (pinned.pyright) hash;
    };
    nativeBuildInputs = [ pkgs.makeWrapper ];
    installPhase = ''
      mkdir -p $out/lib
      cp -r . $out/lib/pyright
      makeWrapper ${lib.getExe pkgs.nodejs-slim} $out/bin/pyright --add-flags $out/lib/pyright/index.js
    '';
  };

  # A check that works in a copy of the sources and keeps what it printed.
  check =
    name: inputs: command:
    pkgs.runCommand name
      {
        nativeBuildInputs = inputs;
        # Tests open sockets on the loopback address.
        __darwinAllowLocalNetworking = true;
        env.PYTHONDONTWRITEBYTECODE = 1;
      }
      ''
        cp -r ${sources.python}/. .
        chmod -R u+w .
        export HOME=$TMPDIR
        { ${command}; } 2>&1 | tee $out
      '';
in
{
  inherit environment;

  checks = {
    python-lint = check "python-lint" [ ruff ] ''
      ruff --config infra/pyproject.toml format --check bench infra tests &&
        ruff --config infra/pyproject.toml check bench infra tests
    '';

    python-types = check "python-types" [ pyright ] ''
      pyright --pythonpath ${testEnvironment}/bin/python -p infra/pyproject.toml
    '';

    # The stack's graph is the reviewed snapshot, and what the design says of it holds.
    python-stack = check "python-stack" [ testEnvironment pkgs.nodejs-slim ] ''
      PAYHOOK_POLICY_GATE=${lib.getExe policy-gate} \
      python -m pytest -q -p no:cacheprovider -c infra/pyproject.toml --rootdir . infra/tests
    '';
  };
}
