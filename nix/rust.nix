# The workspace for this machine: the command line, the policy gate, and every check of the Rust code.
{
  lib,
  pkgs,
  crane,
  sources,
  toolchain,
  functions,
  version,
}:
let
  # llvm-tools read what the coverage run writes.
  craneLib = (crane.mkLib pkgs).overrideToolchain (toolchain {
    extensions = [ "llvm-tools" ];
  });

  # aws-lc-sys (through cc, with the bindings it ships) and zstd-sys compile C and assembly and ask for nothing beyond the compiler of stdenv.
  common = {
    inherit version;
    pname = "payhook";
    strictDeps = true;
    # As in tests/tools/cross_build.sh.
    AWS_LC_SYS_NO_JITTER_ENTROPY = "1";
    buildInputs = lib.optionals pkgs.stdenv.hostPlatform.isDarwin [ pkgs.libiconv ];
  };

  # Dependencies are compiled once per profile and shared: release for what is installed, dev for lints and tests, as in `make`.
  release = common // {
    src = sources.code;
    cargoExtraArgs = "--locked --workspace --exclude bench --bins";
    doCheck = false;
  };
  binaries = craneLib.buildPackage (release // { cargoArtifacts = craneLib.buildDepsOnly release; });
  install =
    name: binary:
    pkgs.runCommand "${name}-${version}" { meta.mainProgram = binary; } ''
      install -D ${binaries}/bin/${binary} $out/bin/${binary}
    '';

  dev = common // {
    src = sources.codeAndTests;
    CARGO_PROFILE = "dev";
    cargoExtraArgs = "--locked --workspace";
  };
  shared = dev // {
    cargoArtifacts = craneLib.buildDepsOnly dev;
    doInstallCargoArtifacts = false;
  };

  # The number of `make test`, and the files that need the emulator and DynamoDB Local, which `make test` starts; here there is no cloud, so they are left
  # out of the sum rather than counted as untested. `make test` asks for the same share of the same files.
  ofCoverage =
    name: pattern:
    let
      found = builtins.match ".*${name}=${pattern}\n.*" (builtins.readFile sources.coverageScript);
    in
    if found == null then throw "tests/tools/rust_coverage.sh sets no ${name}" else lib.head found;
  coverageLinesMinPercent = ofCoverage "COVERAGE_LINES_MIN_PERCENT" "([0-9]+)";
  needsACloud = ofCoverage "NEEDS_A_CLOUD" "'([^']+)'";
in
{
  payhook = install "payhook" "payhook";
  policy-gate = install "policy-gate" "policy_gate";

  # The functions as the local cloud runs them: for this machine, in the layout of those for AWS.
  hostZips = pkgs.runCommand "payhook-host-zips-${version}" { } ''
    ${lib.getExe pkgs.python3} ${sources.zipFunctions} ${binaries}/bin $out ${toString functions}
  '';

  checks = {
    rust-format = craneLib.cargoFmt (
      common
      // {
        src = sources.codeAndTests;
        cargoExtraArgs = "--all";
      }
    );

    rust-lints = craneLib.cargoClippy (
      shared
      // {
        cargoClippyExtraArgs = "--all-targets --all-features -- -D warnings";
      }
    );

    rust-tests = craneLib.cargoNextest shared;

    # Instrumented, hence with dependencies of its own.
    rust-coverage = craneLib.mkCargoDerivation (
      dev
      // {
        cargoArtifacts = null;
        doInstallCargoArtifacts = false;
        pnameSuffix = "-coverage";
        nativeBuildInputs = [
          pkgs.cargo-llvm-cov
          pkgs.jq
        ];
        buildPhaseCargoCommand = ''
          cargo llvm-cov --locked --workspace --ignore-filename-regex '${needsACloud}|/bench/' \
            --fail-under-lines ${coverageLinesMinPercent} --summary-only --json --output-path coverage.json
        '';
        installPhaseCommand = ''
          jq -r '"lines covered: \(.data[0].totals.lines.percent) %"' coverage.json | tee $out
        '';
      }
    );
  };
}
