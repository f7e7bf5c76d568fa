use super::*;

fn metrics() -> Arc<Metrics> {
    Metrics::new(["proxy.golang.org"], ["sum.golang.org"])
}

#[track_caller]
fn assert_line(metrics: &Metrics, want: &str) {
    let page = metrics.encode();
    assert!(page.lines().any(|line| line == want), "{want}\n\n{page}");
}

#[test]
fn counts_a_request_by_kind_and_status() {
    let metrics = metrics();
    metrics.request(Kind::Zip, 206, Duration::from_micros(70), 1234);
    assert_line(
        &metrics,
        r#"sumward_requests_total{kind="zip",status="2xx"} 1"#,
    );
    assert_line(&metrics, r#"sumward_sent_bytes_total{kind="zip"} 1234"#);
    for (bound, count) in [("0.00005", 0), ("0.0001", 1), ("+Inf", 1)] {
        assert_line(
            &metrics,
            &format!(
                r#"sumward_request_duration_seconds_bucket{{le="{bound}",kind="zip"}} {count}"#
            ),
        );
    }
    assert_line(
        &metrics,
        r#"sumward_request_duration_seconds_sum{kind="zip"} 0.00007"#,
    );
}

#[test]
fn a_status_out_of_range_is_still_counted() {
    let metrics = metrics();
    metrics.request(Kind::Other, 999, Duration::MAX, 0);
    assert_line(
        &metrics,
        r#"sumward_requests_total{kind="other",status="5xx"} 1"#,
    );
    assert_line(
        &metrics,
        r#"sumward_request_duration_seconds_bucket{le="+Inf",kind="other"} 1"#,
    );
}

#[test]
fn an_unknown_upstream_counts_as_other() {
    let metrics = metrics();
    metrics.upstream("attacker.example", Outcome::Ok, Duration::ZERO);
    metrics.upstream("proxy.golang.org", Outcome::Timeout, Duration::ZERO);
    assert_line(
        &metrics,
        r#"sumward_upstream_requests_total{host="other",outcome="ok"} 1"#,
    );
    assert_line(
        &metrics,
        r#"sumward_upstream_requests_total{host="proxy.golang.org",outcome="timeout"} 1"#,
    );
    assert!(!metrics.encode().contains("attacker"));
}

#[test]
fn a_guard_counts_until_it_goes() {
    let metrics = metrics();
    let guard = metrics.fetch();
    assert_line(&metrics, "sumward_fetches 1");
    drop(guard);
    assert_line(&metrics, "sumward_fetches 0");
}

#[test]
fn states_are_shown() {
    let metrics = metrics();
    metrics.breaker("proxy.golang.org", Breaker::Open);
    metrics.database_head("sum.golang.org", 71_909_756);
    metrics.database_stopped("sum.golang.org", true);
    metrics.proof(Proof::Mismatch);
    metrics.lookup(Lookup::Joined);
    metrics.disk_free(5);
    metrics.hot_bytes(6);
    metrics.refused_connection(Refused::PerAddress);
    metrics.log_dropped(7);
    for want in [
        r#"sumward_upstream_breaker{host="proxy.golang.org"} 2"#,
        r#"sumward_database_head{database="sum.golang.org"} 71909756"#,
        r#"sumward_database_stopped{database="sum.golang.org"} 1"#,
        r#"sumward_proofs_total{outcome="mismatch"} 1"#,
        r#"sumward_cache_lookups_total{found="joined"} 1"#,
        "sumward_disk_free_bytes 5",
        "sumward_hot_bytes 6",
        r#"sumward_refused_connections_total{reason="per_address"} 1"#,
        "sumward_log_lines_dropped_total 7",
    ] {
        assert_line(&metrics, want);
    }
}

#[test]
fn the_page_has_a_help_line_for_every_metric_and_ends() {
    let page = metrics().encode();
    let types = page.matches("# TYPE ").count();
    assert_eq!(types, page.matches("# HELP ").count());
    assert!(page.ends_with("# EOF\n"));
}
