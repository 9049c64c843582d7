#!/bin/sh
# Makes the certificates of the tests anew, good for a hundred years. The key protects nothing.
set -eu
cd "$(dirname "$0")"
days=36500
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out key.pem
request() { openssl req -new -key key.pem -subj "/CN=$1"; }
authority() { openssl req -x509 -new -key "$2" -days $days -subj "/CN=$1"; }
openssl ecparam -name prime256v1 -genkey -noout -out authority.key
authority "an authority" authority.key >authority.pem
authority "another authority" key.pem >another.pem
sign() { openssl x509 -req -days $days -CA authority.pem -CAkey authority.key -set_serial "$1" "$2" "$3" 2>/dev/null; }
printf 'subjectAltName=DNS:localhost\n' >names
request localhost | sign 1 -extfile names >server.pem
printf 'basicConstraints=CA:FALSE\n' >names
request anna | sign 2 -extfile names >anna.pem
# By the manual of PostgreSQL: without names but the subject's, signed by itself ...
authority localhost key.pem >by-the-manual.pem
# ... or by an authority, in a form that has no extensions, which newer versions of openssl no longer make.
request localhost | openssl x509 -req -days $days -CA authority.pem -CAkey authority.key -set_serial 3 2>/dev/null >version-1.pem
rm authority.key names
