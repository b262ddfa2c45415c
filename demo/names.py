"""Customers and addresses of the demo: invented, in a fixed order, so that every demo is
the same.
"""

from __future__ import annotations

from random import Random

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐"
    "冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
GIVEN = "伟芳秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂玲建国志华玉萍红鑫宇浩晨欣怡子涵梓轩雨泽思远"
RARE = ("㛃", "䶮", "𬸦")
STREETS = (
    "人民路",
    "解放巷",
    "育才街",
    "滨湖路",
    "港前路",
    "工业大道",
    "南市街",
    "健康路",
    "朝阳里",
    "桃园新村",
    "新桥村",
    "金水湾",
)
FIRMS = (
    "宏远冷链物流（江城）供应链管理有限责任公司",
    "裕丰冷链物流有限公司",
    "恒泰机械厂",
    "江城市人民医院",
    "东港码头有限公司",
    "临湖区第二实验小学",
    "鼎盛铸造有限公司",
    "绿源生物科技股份有限公司",
    "滨湖数据中心运营有限公司",
    "金水湾业主委员会",
    "李记牛肉面馆",
    "春和便利店",
    "新桥村村民委员会",
    "江南纺织染整有限公司",
    "华盛汽车零部件制造有限公司",
    "临湖污水处理厂",
)


def person(random: Random) -> str:
    """A private customer's name; now and then with a rare character."""
    if random.random() < 0.03:
        return random.choice(SURNAMES) + random.choice(RARE)
    return random.choice(SURNAMES) + "".join(
        random.choice(GIVEN) for _ in range(random.choice((1, 2, 2)))
    )


def firm(random: Random) -> str:
    return random.choice(FIRMS)


def phone(random: Random) -> str:
    """A number of the range 139 0000, which belongs to nobody here."""
    return f"1390000{random.randrange(10000):04d}"


def street(random: Random) -> str:
    return f"{random.choice(STREETS)} {random.randrange(1, 200)} 号"


def room(random: Random) -> str:
    return f"{random.randrange(1, 6)} 单元 {random.randrange(1, 19)}{random.randrange(1, 5):02d} 室"


CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def identity_number(random: Random) -> str:
    """A resident identity number with a true check digit (GB 11643), of a district that does not
    exist.
    """
    born = (
        f"{random.randrange(1950, 2004)}{random.randrange(1, 13):02d}{random.randrange(1, 29):02d}"
    )
    body = f"320199{born}{random.randrange(1000):03d}"
    return (
        body + "10X98765432"[sum(int(d) * w for d, w in zip(body, CHECK_WEIGHTS, strict=True)) % 11]
    )


CODE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(random: Random) -> str:
    """A unified social credit code with a true check character (GB 32100)."""
    body = "91320199" + "".join(random.choice(CODE_CHARACTERS) for _ in range(9))
    total = sum(CODE_CHARACTERS.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + CODE_CHARACTERS[(31 - total % 31) % 31]
