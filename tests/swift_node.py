"""OpenStack Swift with its S3 door, on one port, in one folder: a program for Swift's own Python.

    FOLDER_OF_SWIFT/bin/python tests/swift_node.py FOLDER PORT

Everything is Swift's: proxy with s3api, tempauth and static large objects, and one account,
container and object server, which keep their files in FOLDER/disk and survive a kill. Only the
wiring is here: the four servers in one process, and rings of one device. Prints `ready PORT` when
it accepts and there is the bucket `plausch`. Its keys are `test:plausch` and `testing`.
"""

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from swift.common import utils, wsgi  # noqa: E402
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.storage_policy import reload_storage_policies  # noqa: E402
from swift.common.swob import Request  # noqa: E402

PARTS = ("account", "container", "object")

COMMON = """[swift-hash]
swift_hash_path_prefix = plausch
swift_hash_path_suffix = plausch
[swift-constraints]
max_object_name_length = 1024
[storage-policy:0]
name = one
default = yes
"""

PROXY = """[DEFAULT]
swift_dir = {folder}
workers = 0
[pipeline:main]
pipeline = catch_errors gatekeeper s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
node_timeout = 60
recoverable_node_timeout = 60
error_suppression_limit = 1000000
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false
min_segment_size = 5242880
allow_multipart_uploads = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_plausch = testing .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
"""

SERVER = """[DEFAULT]
swift_dir = {folder}
devices = {folder}/disk
mount_check = false
disable_fallocate = true
workers = 0
[pipeline:main]
pipeline = server
[app:server]
use = egg:swift#{part}
"""


def write_files(folder: Path, ports: dict[str, int]) -> None:
    """Settings and rings; what was stored stays."""
    (folder / "disk" / "d1").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text(COMMON)
    (folder / "proxy.conf").write_text(PROXY.format(folder=folder))
    for part in PARTS:
        (folder / f"{part}.conf").write_text(SERVER.format(folder=folder, part=part))
        builder = RingBuilder(4, 1, 0)
        builder.add_dev(
            {
                "region": 1,
                "zone": 1,
                "ip": "127.0.0.1",
                "port": ports[part],
                "device": "d1",
                "weight": 1,
            }
        )
        builder.rebalance()
        builder.get_ring().save(str(folder / f"{part}.ring.gz"))


def main() -> None:
    """Serve until killed."""
    folder, port = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    sockets = {part: eventlet.listen(("127.0.0.1", 0)) for part in PARTS}
    write_files(folder, {part: made.getsockname()[1] for part, made in sockets.items()})
    utils.SWIFT_CONF_FILE = str(folder / "swift.conf")
    utils.HASH_PATH_SUFFIX = utils.HASH_PATH_PREFIX = b"plausch"
    reload_storage_policies()
    door = eventlet.listen(("127.0.0.1", port), backlog=256)
    logger = utils.NullLogger()
    for part, made in [*sockets.items(), ("proxy", door)]:
        app = wsgi.loadapp(str(folder / f"{part}.conf"), global_conf={"log_name": part})
        eventlet.spawn_n(
            eventlet.wsgi.server,
            made,
            app,
            logger,
            protocol=SwiftHttpProtocol,
            max_size=256,
            capitalize_response_headers=False,  # S3's clients ask for "ETag", as it stands
            url_length_limit=16_384,
        )
    bucket = Request.blank("/v1/AUTH_test/plausch", environ={"REQUEST_METHOD": "PUT"})
    bucket.environ["swift.authorize_override"] = True
    assert bucket.get_response(app).is_success
    print(f"ready {door.getsockname()[1]}", flush=True)
    eventlet.Event().wait()


if __name__ == "__main__":
    main()
