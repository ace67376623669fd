# The functions for AWS: static arm64 binaries, each zipped as `bootstrap`, in the folder that the stack reads.
#
# A binary linked to Nix's glibc names a loader in the store and does not start on Lambda: hence musl, linked statically.
{
  lib,
  pkgs,
  nixpkgs,
  crane,
  sources,
  toolchain,
  functions,
  version,
  system,
  overlays,
}:
let
  target = "aarch64-unknown-linux-musl";
  # Of what is uploaded; the tests of `make lambdas` hold the same line.
  limits = lib.importJSON ../infra/limits.json;
  zipBytesMost = function: limits.function.${function}.zip_bytes_most;

  pkgsForLambda = import nixpkgs {
    inherit overlays;
    localSystem = { inherit system; };
    crossSystem.config = target;
  };
  # A function and not a value: the compiler runs here, its libraries are for there.
  craneLib = (crane.mkLib pkgsForLambda).overrideToolchain (toolchain {
    targets = [ target ];
  });

  # Where build scripts run, and where their results do.
  here = pkgsForLambda.buildPackages.stdenv;
  there = pkgsForLambda.stdenv;
  cargoName = stdenv: stdenv.hostPlatform.rust.cargoEnvVarTarget;
  compiler = stdenv: "${stdenv.cc}/bin/${stdenv.cc.targetPrefix}";

  # Of C code, as in tests/tools/cross_build.sh: nobody unwinds, and of zstd's strategies only `fast` is used.
  withoutStrategies = [
    "DFAST"
    "GREEDY"
    "LAZY"
    "LAZY2"
    "BTLAZY2"
    "BTOPT"
    "BTULTRA"
  ];
  cFlags = lib.concatStringsSep " " (
    [
      "-fno-asynchronous-unwind-tables"
      "-fno-unwind-tables"
    ]
    ++ map (strategy: "-DZSTD_EXCLUDE_${strategy}_BLOCK_COMPRESSOR") withoutStrategies
  );

  # All three in one run of cargo, as `make lambdas` does it: the features of shared dependencies are the same in each, and these are compiled once.
  # `attempt` changes the derivation and nothing in it: the second one is built anew, dependencies included, to compare the bytes.
  build =
    attempt:
    let
      arguments = {
        inherit version;
        pname = "payhook-lambdas";
        src = sources.code;
        strictDeps = true;
        doCheck = false;
        CARGO_PROFILE = "release";
        cargoExtraArgs = "--locked " + lib.concatMapStringsSep " " (function: "-p ${function}") functions;
        # Said here in full: what crane would add of itself brings QEMU along, which no test needs.
        doIncludeCrossToolchainEnv = false;
        env = {
          BUILD_ATTEMPT = attempt;
          # As in tests/tools/cross_build.sh: the jitter source would cost some 50 ms of every cold start.
          AWS_LC_SYS_NO_JITTER_ENTROPY = "1";
          # As there: the curves without their tables.
          AWS_LC_SYS_SMALL = "1";
          CARGO_BUILD_TARGET = target;
          "CARGO_TARGET_${cargoName there}_LINKER" = "${compiler there}cc";
          # The first is the default of this target until now; said, because a compiler may change its mind. The others as in tests/tools/cross_build.sh.
          "CARGO_TARGET_${cargoName there}_RUSTFLAGS" = "-C target-feature=+crt-static -C target-feature=+aes,+lse -C force-unwind-tables=no";
          "CARGO_TARGET_${cargoName here}_LINKER" = "${compiler here}cc";
          # The C and assembly of aws-lc-sys and zstd-sys: compiled by cc, with the bindings that they ship; no cmake, no bindgen, no perl.
          TARGET_CC = "${compiler there}cc";
          TARGET_CFLAGS = cFlags;
          TARGET_AR = "${compiler there}ar";
          HOST_CC = "${compiler here}cc";
          HOST_AR = "${compiler here}ar";
        };
      };
    in
    craneLib.buildPackage (arguments // { cargoArtifacts = craneLib.buildDepsOnly arguments; });

  # The same program as `make lambdas` zips with: one entry, fixed time and mode. Refuses what Lambda could not start.
  zip =
    function: binaries:
    pkgs.runCommand function
      {
        nativeBuildInputs = [
          # python3Minimal has no zlib and cannot zip.
          pkgs.python3
          pkgs.binutils-unwrapped
        ];
        meta.description = "The zip of the Lambda function ${function}";
      }
      ''
        binary=${binaries}/bin/${function}
        readelf --wide --file-header --program-headers --dynamic $binary >headers
        grep -q 'Machine:.*AArch64' headers || { echo "${function} is not for arm64" >&2; exit 1; }
        ! grep -E 'INTERP|NEEDED' headers || { echo "${function} is not static" >&2; exit 1; }
        python3 ${sources.zipFunctions} ${binaries}/bin $out ${function}
        size=$(stat --format %s $out/${function}.zip)
        [ $size -le ${toString (zipBytesMost function)} ] || { echo "${function}.zip has $size bytes, more than ${toString (zipBytesMost function)}" >&2; exit 1; }
      '';
  zips = attempt: lib.genAttrs functions (function: zip function (build attempt));
  collect =
    zipped:
    pkgs.runCommand "payhook-lambdas-${version}" { } ''
      mkdir $out
      ${lib.concatMapStringsSep "\n" (
        function: "cp ${zipped.${function}}/${function}.zip $out/"
      ) functions}
    '';

  first = zips "first";
  lambdas = collect first;
in
{
  inherit target;
  packages = first // {
    inherit lambdas;
  };

  checks.lambdas-reproducible =
    pkgs.runCommand "lambdas-reproducible" { nativeBuildInputs = [ pkgs.diffutils ]; }
      ''
        for function in ${toString functions}; do
          cmp ${lambdas}/$function.zip ${collect (zips "second")}/$function.zip
        done
        (cd ${lambdas} && sha256sum *.zip) | tee $out
      '';
}
