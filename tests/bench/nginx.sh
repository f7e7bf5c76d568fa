# The nginx beside which bench.sh and own.sh measure: Debian's, with sendfile, on the files
# below $work/www. They source this file after load.sh, whose $work and $children it uses.

# Installs what is absent of nginx, wrk and curl.
need_programs() {
    local missing=()
    command -v nginx >/dev/null || missing+=(nginx-light)
    command -v wrk >/dev/null || missing+=(wrk)
    command -v curl >/dev/null || missing+=(curl)
    if [ ${#missing[@]} -gt 0 ]; then
        RUNLEVEL=1 apt_install "${missing[@]}"
        # Debian starts what it installs; the measured nginx is our own.
        if command -v systemctl >/dev/null; then systemctl stop nginx 2>/dev/null || true; fi
    fi
}

# start_nginx FILE: waits until it serves FILE, which lies below $work/www.
start_nginx() {
    local file=$1 port
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    nginx_url=http://127.0.0.1:$port
    cat >"$work/nginx.conf" <<CONF
worker_processes auto;
daemon off;
pid $work/nginx.pid;
error_log $work/nginx.err;
events { worker_connections 2048; }
http {
    sendfile on;
    tcp_nopush on;
    access_log off;
    default_type application/octet-stream;
    keepalive_requests 100000000;
    open_file_cache max=1000 inactive=10m;
    open_file_cache_valid 10m;
    client_body_temp_path $work/nginx-body;
    proxy_temp_path $work/nginx-proxy;
    fastcgi_temp_path $work/nginx-fastcgi;
    uwsgi_temp_path $work/nginx-uwsgi;
    scgi_temp_path $work/nginx-scgi;
    server {
        listen 127.0.0.1:$port reuseport;
        root $work/www;
    }
}
CONF
    chmod -R a+rX "$work"
    [ "$(id -u)" != 0 ] || sed -i '1i user root;' "$work/nginx.conf"
    nginx -e "$work/nginx.err" -c "$work/nginx.conf" &
    children+=($!)
    for _ in $(seq 50); do
        curl -sf -o /dev/null "$nginx_url/$file" && return
        sleep 0.1
    done
    echo "nginx did not start" >&2
    cat "$work/nginx.err" >&2
    exit 1
}
