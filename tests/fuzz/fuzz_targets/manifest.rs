#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sumward_fuzz::fuzz::manifest(data));
