use super::*;

fn metrics() -> Arc<Metrics> {
    Metrics::new(["proxy.golang.org"], ["sum.golang.org"])
}

#[track_caller]
fn assert_line(metrics: &Metrics, want: &str) {
    let page = metrics.encode(Format::OpenMetrics);
    assert!(page.lines().any(|line| line == want), "{want}\n\n{page}");
}

#[test]
fn counts_a_request_by_kind_and_status() {
    let metrics = metrics();
    metrics.request(Kind::Zip, 206, Duration::from_micros(70), 1234, None);
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
    metrics.request(Kind::Other, 999, Duration::MAX, 0, None);
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
    assert!(!metrics.encode(Format::Text).contains("attacker"));
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
    metrics.lookup(Kind::Zip, Lookup::Joined);
    metrics.disk_free(5);
    metrics.degraded(&Held::from([(Condition::ReadOnly, String::new())]));
    metrics.store(8, 9);
    metrics.hot_bytes(6);
    metrics.refused_connection(Refused::PerAddress);
    metrics.log_dropped(7);
    for want in [
        r#"sumward_upstream_breaker{host="proxy.golang.org"} 2"#,
        r#"sumward_database_head{database="sum.golang.org"} 71909756"#,
        r#"sumward_database_stopped{database="sum.golang.org"} 1"#,
        r#"sumward_proofs_total{outcome="mismatch"} 1"#,
        r#"sumward_cache_lookups_total{kind="zip",found="joined"} 1"#,
        "sumward_disk_free_bytes 5",
        r#"sumward_degraded{condition="read_only"} 1"#,
        "sumward_store_files{} 8",
        "sumward_store_bytes{} 9",
        "sumward_hot_bytes 6",
        r#"sumward_refused_connections_total{reason="per_address"} 1"#,
        "sumward_log_lines_dropped_total 7",
    ] {
        assert_line(&metrics, want);
    }
}

#[test]
fn a_database_without_a_head_has_no_age() {
    let metrics = metrics();
    let name = "sumward_database_head_age_seconds";
    metrics.database_head_age("sum.golang.org", None, false);
    let page = metrics.encode(Format::Text);
    assert!(!page.contains(&format!("{name}{{")), "{page}");
    metrics.database_head_age("sum.golang.org", Some(Duration::from_secs(3)), false);
    let line = format!(r#"{name}{{database="sum.golang.org"}} 3"#);
    assert_line(&metrics, &line);
}

#[test]
fn the_page_has_a_help_line_for_every_metric_and_ends() {
    let page = metrics().encode(Format::OpenMetrics);
    let types = page.matches("# TYPE ").count();
    assert_eq!(types, page.matches("# HELP ").count());
    assert!(page.ends_with("# EOF\n"));
}

#[test]
fn not_now_is_counted_apart_from_what_is_broken() {
    let metrics = metrics();
    for status in [500, 502, 503, 503, 504] {
        metrics.request(Kind::Zip, status, Duration::ZERO, 0, None);
    }
    assert_line(
        &metrics,
        r#"sumward_requests_total{kind="zip",status="503"} 2"#,
    );
    assert_line(
        &metrics,
        r#"sumward_requests_total{kind="zip",status="5xx"} 3"#,
    );
}

#[test]
fn a_request_of_a_trace_is_shown_in_the_format_that_has_room_for_it() {
    let metrics = metrics();
    let trace = Some(TraceId(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736));
    for (duration, bound) in [
        (Duration::from_millis(150), "0.2"),
        (Duration::from_millis(900), "1.0"),
        (Duration::from_secs(900), "+Inf"),
    ] {
        metrics.request(Kind::List, 200, duration, 0, trace);
        let series =
            format!("sumward_request_duration_seconds_bucket{{le=\"{bound}\",kind=\"list\"}} ");
        let page = metrics.encode(Format::OpenMetrics);
        let line = page.lines().find(|line| line.starts_with(&series));
        let want = format!(
            " # {{trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"}} {} ",
            duration.as_secs_f64()
        );
        assert!(line.is_some_and(|line| line.contains(&want)), "{line:?}");
    }
    assert!(!metrics.encode(Format::Text).contains("trace_id"));
}

#[test]
fn a_certificate_is_told_of_only_where_there_is_one() {
    let metrics = metrics();
    assert!(!metrics.encode(Format::Text).contains("tls_certificate"));
    metrics.certificate_expiry(1_800_000_000);
    assert_line(
        &metrics,
        "sumward_tls_certificate_expiry_timestamp_seconds{} 1800000000",
    );
}

#[test]
fn what_is_stored_is_told_of_only_when_it_was_summed_up() {
    let metrics = metrics();
    assert!(!metrics.encode(Format::Text).contains("sumward_store_"));
    metrics.store(0, 0);
    assert_line(&metrics, "sumward_store_bytes{} 0");
}

#[test]
fn the_number_of_series_follows_from_the_settings_alone() {
    let series = |metrics: &Metrics| {
        let page = metrics.encode(Format::Text);
        page.lines().filter(|line| !line.starts_with('#')).count()
    };
    let [none, one, two] = [0, 1, 2].map(|count| {
        let names: Vec<_> = (0..count).map(|n| format!("{n}.example")).collect();
        let names = || names.iter().map(String::as_str);
        let metrics = Metrics::new(names(), names());
        let before = series(&metrics);
        for status in 0..=u16::MAX {
            metrics.request(Kind::Zip, status, Duration::ZERO, 0, None);
            metrics.upstream(&status.to_string(), Outcome::Ok, Duration::ZERO);
            metrics.database_head(&status.to_string(), 1);
        }
        assert_eq!(series(&metrics), before, "requests add none");
        before
    });
    let each = one - none;
    assert_eq!(two - one, each);
    // What a page costs a Prometheus: a server with three upstreams and two databases
    // stays below 600.
    assert!(none <= 400 && each <= 40, "{none} and {each} for each");
}
