"""Where we may go, and how addresses are spelled: refused alike at save and at use (S66–S70)."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_socket import SocketConnectBlockedError

from integration.http import AddressRefused, ConnectFailed, Http, check_address
from integration.http.addresses import is_global, parse_target, spell, with_params

# The resolver of a hostile or careless world; every name of these leads inside.
NAMES = {
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "inside.example": ["10.1.2.3"],
    "metadata.example": ["169.254.169.254"],
    "mixed.example": ["93.184.216.34", "192.168.0.7"],
    "six.example": ["2606:4700::1", "fd00::1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "scoped.example": ["fe80::1%eth0"],
}

REFUSED = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://0.0.0.0/",
    "https://0/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.254/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://100.127.255.255/",
    "https://192.0.0.192/",
    "https://198.18.0.1/",
    "https://192.88.99.1/",
    "https://203.0.113.9/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://127.0.0.0x1/",
    "https://8.8.8.010/",
    "https://134744072/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:a00:1::]/",
    "https://[2001:db8::1]/",
    "https://[fc00::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[v1.a]/",
    "https://[1:2]/",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://q.localhost/",
    "https://printer.local/",
    "https://q.internal/",
    "https://intranet/",
    "https://q.example./",
    "https://q..example/",
    "https://-q.example/",
    "https://q_.exa mple/",
    "https://①②⑦.0.0.1/",
    "https://ｌocalhost/",
    "https://127。0。0。1/",
    "https://bücher.example/",
    "https://%6cocalhost/",
    "https://user@q.example/",
    "https://user:pass@q.example/",
    "https://q.example@127.0.0.1/",
    "https://q.example\\@127.0.0.1/",
    "https://127.0.0.1\\.q.example/",
    "https://q.example#@127.0.0.1/",
    "https://q.example/#fragment",
    "https://q.example/path\r\nHost: evil",
    "https://q.example/a b",
    "https://q.example\t/",
    " https://q.example/",
    "https://q.example/\0",
    "https://q.example:22/",
    "https://q.example:25/",
    "https://q.example:80/",
    "https://q.example:0/",
    "https://q.example:65536/",
    "https://q.example:４43/",
    "https://q.example:/",
    "https://q.example:-1/",
    "https://q.example:443:443/",
    "https://[::1/",
    "https:///path",
    "https:q.example",
    "//q.example/",
    "q.example",
    "",
    "http://q.example/",
    "http://93.184.216.34/",
    "ftp://q.example/",
    "file:///etc/passwd",
    "gopher://q.example:70/_x",
    "dict://q.example:11211/",
    "javascript:alert(1)",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/",
    *(f"https://{name}/" for name in NAMES),
]


def resolve(host: str, port: int, *_: object) -> list[tuple]:
    found = NAMES.get(host, [host])
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_may_lead_inside_is_refused_when_it_is_saved(url):
    with pytest.raises(AddressRefused):
        check_address(url, resolve=resolve)


@pytest.mark.parametrize("url", REFUSED)
def test_the_same_address_is_refused_when_it_is_used(url, http_of_a_hostile_world):
    with pytest.raises(AddressRefused):
        http_of_a_hostile_world.request("GET", url, retry=False)


@pytest.fixture(scope="module")
def http_of_a_hostile_world():
    http = Http(resolve=resolve, sleep=lambda _: None)
    yield http
    http.close()


@pytest.mark.parametrize(
    "url",
    [
        "https://q.example.com",
        "https://Q.Example.COM:8443/ims/oneroster/v1p1",
        "https://xn--bcher-kva.example/",
        "https://93.184.216.34/",
        "https://[2606:4700::1111]:9443/",
        "https://q_1.example/?x=1",
    ],
)
def test_a_public_https_address_is_accepted(url):
    assert check_address(url, resolve=lambda host, port, *_: resolve("93.184.216.34", port)) is None


def test_a_refusal_repeats_nothing_of_what_was_entered():
    with pytest.raises(AddressRefused) as refused:
        check_address("https://rosa:s3cret@q.example/?token=t0p", resolve=resolve)
    assert not {"s3cret", "t0p", "rosa"} & set(str(refused.value).replace(".", " ").split())
    assert refused.value.remedy


def test_a_name_nobody_knows_and_one_that_leads_inside_are_told_in_the_same_words():
    def unknown(*_: object) -> list[tuple]:
        raise socket.gaierror("no such name")

    with pytest.raises(ConnectFailed) as closed:
        check_address("https://inside.example/", resolve=unknown)
    with pytest.raises(AddressRefused) as private:
        check_address("https://inside.example/", resolve=resolve)
    assert private.value.as_dict() == closed.value.as_dict()
    assert private.value.retryable == closed.value.retryable


def test_only_the_very_host_and_port_that_the_operator_lists_may_be_private():
    listed = ["10.0.0.5:8080", "Q.Internal:443", "[::1]:9000", "localhost"]
    for url in (
        "http://10.0.0.5:8080/",
        "https://10.0.0.5:8080/",
        "https://q.internal/",
        "http://[0:0::1]:9000/",
        "http://localhost/",
        "https://localhost/",
    ):
        assert parse_target(url, listed).is_listed
    for url in (
        "http://10.0.0.5/",
        "http://10.0.0.5:8081/",
        "http://10.0.0.6:8080/",
        "http://q.internal/",
        "https://x.q.internal/",
        "http://167772165:8080/",
        "http://localhost:81/",
        "http://u@10.0.0.5:8080/",
    ):
        with pytest.raises(AddressRefused):
            parse_target(url, listed)


def test_the_address_that_was_checked_is_the_address_that_is_called():
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    def rebinding(host: str, port: int, *_: object) -> list[tuple]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in next(answers)]

    http = Http(resolve=rebinding)
    with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"93\.184\.216\.34"):
        http.request("GET", "https://q.example/")
    assert next(answers) == ["127.0.0.1"]


@pytest.mark.parametrize("address", ["", "example", "1.2.3", "1.2.3.4.5", "::1%lo", "999.1.1.1"])
def test_what_is_no_address_is_not_global(address):
    assert not is_global(address)


@given(st.ip_addresses())
def test_nothing_is_global_for_us_that_is_not_so_for_python(address):
    if is_global(str(address)):
        assert address.is_global
        assert not (address.is_multicast or address.is_reserved or address.is_private)


def test_most_of_the_internet_is_reachable():
    assert all(is_global(ip) for ip in ("1.1.1.1", "172.32.0.1", "223.255.255.1", "2a00::1"))


@pytest.mark.parametrize(
    ("given_path", "sent"),
    [
        ("", "/"),
        ("//a//b", "/a//b"),
        ("/100%", "/100%25"),
        ("/%2f%c3%a9", "/%2F%C3%A9"),
        ("/é[1]", "/%C3%A9%5B1%5D"),
        ("/a;b=1,2:3@x", "/a;b=1,2:3@x"),
        ('/"<>`{|}^', "/%22%3C%3E%60%7B%7C%7D%5E"),
    ],
)
def test_a_path_is_spelled_before_it_is_signed(given_path, sent):
    assert parse_target("https://q.example" + given_path).path == sent


@given(
    st.text(alphabet=st.characters(min_codepoint=33, exclude_characters="#\\\x7f", codec="utf-8"))
)
def test_spelling_twice_changes_nothing(text):
    assert spell(spell(text)) == spell(text)


def test_parameters_are_spelled_the_way_signatures_count_them():
    params = [("filter", "status='active' AND x>='ä&+/~'"), ("limit", "100")]
    assert with_params("/users", params) == (
        "/users?filter=status%3D%27active%27%20AND%20x%3E%3D%27%C3%A4%26%2B%2F~%27&limit=100"
    )
    assert with_params("/users?a=1", [("b", "2")]) == "/users?a=1&b=2"
    assert with_params("/users", []) == "/users"


def test_the_origin_leaves_out_the_port_that_goes_without_saying():
    assert parse_target("https://Q.example:443/a?b#"[:-1]).url == "https://q.example/a?b"
    assert parse_target("https://[2a00::1]:8443/").origin == "https://[2a00::1]:8443"
