#!/usr/bin/env bash
# Records real modules for the tests from the module mirror that the environment
# names (GOPROXY, GOSUMDB; Go's defaults where they are not set):
#
#   bash tests/record.sh FOLDER
#
# FOLDER gets `mirror/`, a GOPROXY tree with the checksum database's answers, and
# `sample/`, a program that builds from it. tests/run.sh calls this with
# target/records where no records are at hand; needs target/go.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$1
go=$(echo "$root"/target/go/1.27.*/go/bin/go)
work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-record.XXXXXX")
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/sample"
# Among these: an upper-case path, a major suffix, +incompatible, a
# pseudo-version, gopkg.in, and a zip of some megabytes.
cat >"$work/sample/go.mod" <<'MOD'
module example.com/sample

go 1.21

require (
	filippo.io/age v1.2.1
	github.com/BurntSushi/toml v1.5.0
	github.com/cespare/xxhash/v2 v2.3.0
	github.com/dgrijalva/jwt-go v3.2.0+incompatible
	github.com/google/uuid v1.6.0
	github.com/mgutz/ansi v0.0.0-20200706080929-d51e80ef957d
	github.com/spf13/cobra v1.8.1
	golang.org/x/mod v0.20.0
	gopkg.in/yaml.v3 v3.0.1
)
MOD
cat >"$work/sample/main.go" <<'GO'
// The sample prints two lines: one from a package of each kind would be too many.
package main

import (
	"fmt"

	_ "filippo.io/age"
	_ "github.com/BurntSushi/toml"
	"github.com/cespare/xxhash/v2"
	_ "github.com/dgrijalva/jwt-go"
	_ "github.com/google/uuid"
	_ "github.com/mgutz/ansi"
	_ "github.com/spf13/cobra"
	"golang.org/x/mod/semver"
	_ "gopkg.in/yaml.v3"
)

func main() {
	fmt.Println(xxhash.Sum64String("sample"))
	fmt.Println(semver.Compare("v1.0.0", "v1.1.0"))
}
GO

export HOME="$work/home" GOPATH="$work/gopath" GOMODCACHE="$work/modules" GOCACHE="$work/cache"
export GOTOOLCHAIN=local GOFLAGS=-modcacherw GOENV=off CGO_ENABLED=0
mkdir -p "$HOME"
(cd "$work/sample" && "$go" mod tidy && "$go" build -o "$work/built" .)

database="$GOMODCACHE/cache/download/sumdb/sum.golang.org"
touch "$database/supported"
cp "$GOPATH/pkg/sumdb/sum.golang.org/latest" "$database/latest"
find "$GOMODCACHE/cache/download" \( -name '*.lock' -o -name '*.ziphash' -o -name '*.partial' \) -delete

rm -rf "$folder" && mkdir -p "$(dirname "$folder")"
mkdir "$work/records"
mv "$GOMODCACHE/cache/download" "$work/records/mirror"
mv "$work/sample" "$work/records/sample"
cp -r "$work/records" "$folder"
echo "recorded $(find "$folder/mirror" -name '*.zip' | wc -l) module zips to $folder"
