import time
def test_x(troupe, tmp_path):
    anna = troupe.person("Anna", "en", "desktop"); cem = troupe.member("Cem")
    anna.begins_with(cem.name); anna.writes("hi"); cem.hears()
    s = anna.context.new_cdp_session(anna.page)
    print("E0", anna.page.evaluate("navigator.storage.estimate()"))
    for q in (1, 1_500_000, 4_000_000):
        s.send("Storage.overrideQuotaForOrigin", {"origin": troupe.url, "quotaSize": q})
        print("E", q, anna.page.evaluate("navigator.storage.estimate()"))
        large = tmp_path / f"f{q}.bin"; large.write_bytes(bytes(range(256)) * 4 * 8192)
        anna.attaches(large); time.sleep(5)
        print("N", q, anna.page.locator(".note").all_inner_texts(), anna.page.evaluate("navigator.storage.estimate()"))
        print("D", anna.page.get_by_role("dialog").count(), anna.log.inner_text()[-200:])
    assert 0
