"""What a good password is, by NIST SP 800-63B: long enough, not guessed first, nothing else.

No rule about digits or signs, no expiry: both make passwords worse.
"""

import unicodedata

from assay.accounts.compute.emails import fold_email
from assay.kit.errors import BadInput

MIN_LENGTH = 10
MAX_LENGTH = 128
SMALLEST_VARIETY = 4
"""Characters that differ: fewer is `aaaaaaaaaa` or `abababababab`."""

_COMMON = frozenset(
    """
    0123456789 0987654321 1029384756 1111111111 1122334455 1122334455667788 1212121212
    1223334444 1234512345 123456123456 1234567890 12345678900 1234567890a 1234567890q
    12345678910 123456789a 123456789abc 123456789q 123456789qwe 1234qwerasdf 123qwe123qwe
    123qweasdzxc 1472583690 1password1 1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc
    1qazxsw23edc 9876543210 a123456789 a1b2c3d4e5 aa12345678 abc1234567 abc123456789 abcd123456
    abcd1234567 abcdefg123 abcdefg1234567 abcdefghij abcdefghijk abcdefghijkl admin12345
    admin123456 adminadmin administrator administrator1 alexander1 asdf1234567 asdfasdfasdf
    asdfghjkl1 asdfghjkl123 asdfghjkl; asdfqwer1234 assay12345 assayassay baseball12 basketball
    basketball1 battlestar binance123 bitcoin123 bitcoin1234 blockchain blockchain1 buttercup1
    butterfly1 california california1 changeme12 changeme123 changemenow charlie123 chocolate1
    christopher computer12 computer123 correcthorsebatterystaple cristianoronaldo cryptocurrency
    dragon1234 dragonball dragonball1 elizabeth1 ethereum12 ethereum123 everything football12
    football123 football1234 freedom123 fuckyou123 fuckyou1234 godisgood1 google1234 hello12345
    hello123456 helloworld helloworld1 hollywood1 iloveyou12 iloveyou123 iloveyou1234
    iloveyousomuch internet12 internet123 jennifer12 jessica123 jesuschrist johncena12
    leicester1 letmein123 letmein1234 letmeinnow login12345 lovelovelove manchester manchester1
    manchesterunited master1234 metallica1 michael123 michelle12 minecraft1 monkey1234
    monkey12345 motherfucker mustang123 myspace123 nintendo12 opensesame p@ssw0rd12 p@ssw0rd123
    p@ssw0rd1234 p@ssword123 pa55word12 pa55word123 pass123456 pass1234567 passpasspass
    passw0rd12 passw0rd123 passw0rd1234 password!! password01 password1! password10 password11
    password12 password12! password123 password123! password1234 password12345 password123456
    password2020 password2021 password2022 password2023 password2024 password2025 password2026
    passwordpassword passwords1 playstation playstation3 pokemon123 princess12 princess123
    q1w2e3r4t5 q1w2e3r4t5y6 qazwsx1234 qazwsx123456 qazwsxedc1 qazwsxedcrfv qqww1122qqww
    quertyuiop qwe123qwe123 qweasdzxc1 qweasdzxc123 qwer1234qwer qwerty1234 qwerty12345
    qwerty123456 qwerty1234567 qwertyqwerty qwertyuiop qwertyuiop1 qwertyuiop12 qwertyuiop123
    qwertyuiop[] rainbow123 realmadrid realmadrid1 remember12 rockyou123 ronaldo123 samsung123
    satoshinakamoto secret1234 september1 shadow1234 skateboard skateboard1 slipknot12
    sparky1234 spiderman1 starwars12 starwars123 sunflower1 sunshine12 sunshine123 superman12
    superman123 supersecret superstar1 test123456 test1234567 testtest12 testtesttest thankyou12
    tinkerbell tinkerbell1 tokenmetrics trustno1234 unbelievable undertaker universal1
    volleyball volleyball1 welcome123 welcome1234 welcome12345 whatever12 whatever123 william123
    winston123 wonderland yellow1234 zaq12wsxcde3 zaq1xsw2cde3 zaq1zaq1zaq1 zxcvbnm,./
    zxcvbnm123 zxcvbnm1234 zxcvbnmasdfghjkl zxczxczxczxc
    """.split()
)
"""The commonest passwords of at least ten characters; shorter ones are refused by their length."""


def check_password(password: str, email: str | None) -> str:
    """The password as it is hashed (Unicode NFC). Raises BadInput that says which rule it breaks;
    the password is never repeated.
    """
    normal = unicodedata.normalize("NFC", password)
    if len(normal) < MIN_LENGTH:
        raise _weak(f"has fewer than {MIN_LENGTH} characters")
    if len(normal) > MAX_LENGTH:
        raise _weak(f"has more than {MAX_LENGTH} characters")
    folded = normal.casefold()
    if folded in _COMMON or len(set(folded)) < SMALLEST_VARIETY:
        raise _weak("is one of those that are guessed first")
    if email is not None and folded in _names(email):
        raise _weak("is the e-mail address")
    return normal


def _names(email: str) -> set[str]:
    folded = fold_email(email).casefold()
    return {folded, folded.partition("@")[0]}


def _weak(reason: str) -> BadInput:
    return BadInput(
        f"The password {reason}.",
        hint=f"Take {MIN_LENGTH} to {MAX_LENGTH} characters, such as four random words.",
    )
