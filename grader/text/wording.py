"""The words by which `grader.text.statements` reads a sentence, and those at which it reads none."""

from __future__ import annotations

import re


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


NEGATED = re.compile(
    r"\b(?:no|not|never|without|neither|nor|hardly|barely|scarcely|cannot|nothing|none|instead|rather than|fail\w*"
    r"|absence|lack\w*|unlikely|wrong|false|impossible)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
SUPPOSED = _words(
    r"if|would|could|should|might|may|maybe|perhaps|probably|possibly|can|usually|typically|generally|normally|tends?",
    r"often|ideal\w*|perfect\w*|theor\w+|suppos\w+|whenever|unless|otherwise|expect\w*|assum\w+|hypoth\w*|imagin\w+|hop(?:e|ed|ing)",
    r"suggest\w*|prevent\w*|avoid\w*|recommend\w*|will|want\w*|need\w*|ought|must|try|tried|criteri\w+|stop training",
    r"stopping|once|when|where|until we|means? that|refers?|defin\w+|in general|e\.g|i\.e|for example|thought|believed",
    r"wonder\w*|guess\w*|question\w*|a point|some point|any|always when|example|let|imply|implies",
)
COMPARED = _words(
    r"than|compar\w+|versus|vs|unlike|like|respectively|others?|another|previous\w*|earlier|former|latter|baseline",
    r"original|single|shallow\w*|deep\w*|simple\w*|models|networks|exercises?|ex\s?\d+|sections?|higher|lower|better",
    r"worse|larger|smaller|bigger|faster|slower|more|less|fewer|most|least|same|similar\w*|equal\w*|differen\w+|gap",
    r"diverg\w+|ratio|between|dropout|regulari[sz]\w+|architecture|layers?|runs|seeds?|attempts?|second|third|paper",
    r"lecture|author\w*|colleague|friend|lab|tutor\w*|partner|teammate|yesterday|before|first|1st|2nd|big|small|tiny|wide",
    r"narrow|large|linear|logistic|regression|convolution\w*|cnn|both models|each|every model|ones?",
)
QUOTED = re.compile(r"[\"\u201c\u201d\u201e\u00ab\u00bb?\uff1f|]|^\s*>|(?<!\w)['\u2018]\w")
UNSTEADY = _words(r"(?:fluctuat|oscillat|nois|spik|jump|unstable|unsteady|errat|bounc|zig|wobbl|peak|bump)\w*")
SOMEWHEN = _words(
    r"initial\w*|first|beginn?ing|early|later?|eventual\w*|final\w*|ends?|towards?|then|last|soon|sometimes|occasional\w*",
    r"few|several|middle|midway|half|again|temporar\w+|brief\w*|short\w*|slight\w*|almost|nearly|minimal\w*|bit|little",
)
"""With these a direction holds somewhere in the training, nobody can say where, or hardly at all."""

OTHERS = re.compile(rf"{COMPARED.pattern}|\b(?:both|first|two)\b", re.IGNORECASE)
"""An answer with one of these may speak of another model than the one that it is about."""

ELSEWHERE = _words(
    r"tried|trying|attempt\w*|re-?train\w*|re-?r[au]n\w*|(?:also|again|then) (?:train|r[au]n|us|fit|test)\w*",
    r"instead|full data\w*|all (?:the )?data|literature|state[ -]of[ -]the[ -]art|reports?|reported|publish\w*",
    r"benchmark\w*|record|leaderboard|human\w*|kaggle|colab|gpu|laptop|machine|experiment\w*|chang(?:e|ed|ing)",
    r"reduc\w+ the|increas(?:ed|ing) the (?!train|val|test)\w+|doubl\w+|halv\w+|replac\w+|switch\w+|sgd|rmsprop",
    r"adagrad|nadam|adding|added|remov\w+|svms?|forests?|tuned|different|modified|adjusted|extended|extra|additional",
    r"(?:train|fit|r[au]n|for)\w* (?:\w+ )?longer|alternative|settings?|learning rates?|batch sizes?",
)
"""An answer with one of these may speak of a run that nobody but its author saw."""

ASIDE = re.compile(
    r"\b(?:what['\u2019]s more|(?:this|that|it) (?:shows|indicates) that)\b|"
    r"\b(?:as )?(?:we|you|one|i) can (?:clearly |also |easily )?(?:see|observe|notice)(?: that)?"
    r"|\bas (?:can be seen|expected|shown|seen)(?: (?:in|from|on) the (?:plot|figure|graph|curve)s?)?"
    r"|\b(?:as|with|when|while) (?:the |more )?(?:number of )?(?:epochs?|training|time|iterations?)"
    r" (?:keeps? (?:on )?|continues? (?:to )?)?(?:increas\w+|progress\w*|go\w*(?: on)?|pass\w*|proceed\w*|continu\w+)",
    re.IGNORECASE,
)
"""What a sentence says besides, and states nothing with."""

TO_THE_END = re.compile(
    r"\b(?:until|till|up to|to) the (?:very )?end(?: of (?:the )?training)?\b|\bin (?:every|each) epoch\b",
    re.IGNORECASE,
)
IN_BRACKETS = re.compile(r"\([^()\d]{0,40}\)")

CLAUSE = re.compile(
    r"(?<!\d),|,(?!\d)|;|:(?!\s*[~\u2248]?\s*\d)|\((?!\s*[~\u2248]?\s*\d)|\s[-\u2013\u2014]\s"
    r"|\b(?:and|but|while|whereas|although|though|yet|however|so|because|since|which|that|as|meaning|hence|therefore"
    r"|thus|with)\b",
    re.IGNORECASE,
)

_PART, _METRIC = r"train(?:ing)?|val(?:idation)?|test(?:ing)?", r"loss(?:es)?|acc(?:uracy|uracies)?"
SUBJECT = re.compile(
    rf"\b(?P<p1>{_PART})(?:[\s_-]+(?:set|data))?[\s_-]+(?P<m1>{_METRIC})(?![\w-])"
    rf"|\b(?P<m2>{_METRIC})\s+(?:on|for|of)\s+(?:the\s+|our\s+|my\s+)?(?P<p2>{_PART})"
    r"(?:[\s_-]+(?:set|data|part|images|samples))?(?![\w-])",
    re.IGNORECASE,
)
PART_ALONE = re.compile(rf"^\W*(?:(?:both|the|our|my)\s+)*(?P<part>{_PART})\W*$", re.IGNORECASE)
"""``The training`` of ``The training and the validation loss``."""

_RISES = (
    r"(?:ris(?:es?|ing)|rose|increas(?:es?|ed|ing)|go(?:es|ing)? up|went up|grow(?:s|ing)?|grew|climb(?:s|ed|ing)?)"
)
_FALLS = (
    r"(?:fall(?:s|ing)?|fell|decreas(?:es?|ed|ing)|drop(?:s|ped|ping)?|declin(?:es?|ed|ing)|go(?:es|ing)? down"
    r"|went down|diminish(?:es|ed|ing)?)"
)
_STAYS = (
    r"(?:plateau(?:s|ed|ing)?|flatten(?:s|ed|ing)?(?: out)?|level(?:s|led|ling|ed)? (?:off|out)|stagnat(?:es?|ed|ing)"
    r"|(?:stay|remain)(?:s|ed|ing)? (?:constant|flat|unchanged)"
    r"|stop(?:s|ped)? (?:decreasing|falling|improving|increasing|rising|dropping))"
)
_BEST = (
    r"(?:(?:is |was |has )?(?:at )?(?:its |the )?(?P<least>lowest|minimum)|(?:is |was |has )?(?:at )?(?:its |the )?"
    r"(?P<most>highest|maximum)|(?:reach(?:es|ed)?|hits?|has|had|attain(?:s|ed)?) (?:its|the|a)"
    r" (?:(?P<least2>lowest|minimum)|(?P<most2>highest|maximum)))"
)
_FILLER = (
    r"(?:(?:curves?|values?|itself|is|was|are|were|has|have|been|does|did|do|also|both|all|clearly|slowly|gradually"
    r"|quickly|rapidly|strongly|sharply|still|only|just|really|of|the|this|our|my|model|network|it|rather|even|seems?"
    r"|appears?|to|already|here|now|immediately|(?P<keeps>continues?|continued|keeps?|kept|steadily|consistently"
    r"|continuously|monotonically|constantly)|on|(?P<starts>starts?|started|begins?|began))\s+)*"
)
DIRECTION = re.compile(
    rf"^\W*{_FILLER}(?:(?P<rises>{_RISES})|(?P<falls>{_FALLS})|(?P<better>improv(?:es?|ed|ing))"
    rf"|(?P<worse>worsen(?:s|ed|ing)?|deteriorat(?:es?|ed|ing))|(?P<flat>{_STAYS})|{_BEST})\b",
    re.IGNORECASE,
)
"""What stands right behind the name of a curve, where it says which way that goes."""

WITHOUT_BREAK = _words(
    r"throughout|steadily|consistently|continuously|monotonically|(?:the )?(?:whole|entire) (?:time|training)",
    r"(?:with|in|at|after) (?:every|each) epoch|every epoch|(?:over|in|across) all (?:the )?epochs",
)
OVERFITS = re.compile(
    r"^\W*(?:the |this |our |my )?(?:model|network|it)\s+(?:(?:clearly|seems? to|appears? to)\s+)*"
    r"(?:(?:starts?|started|begins?|began)\s+(?:to\s+)?)?overfit(?:s|ted|ting)?\b"
    r"|^\W*(?:the )?overfitting (?:starts?|started|begins?|began|sets? in|occurs?|appears?)\b",
    re.IGNORECASE,
)

_LINKS = (
    r"is|was|of|at|reach\w*|hits?|achiev\w*|gets?|got|to|equals?|around|about|roughly|approximately|approx|nearly|almost"
    r"|only|just|an?|the|values?|scores?|came|comes|out|ended|ends|up|final\w*|lands?|landed|model|network|we|i|fell|rose"
    r"|falls?|rises?|drops?|dropped|increase[sd]|decrease[sd]|went|goes|down|it|our|my|this|very|quite|still|here|in|lies"
    r"|lay|obtain\w*|has|had|end|training|with|from"
)
BEFORE_VALUE = re.compile(rf"^(?:[\s:=~\u2248(.]|\b(?:{_LINKS})\b)*$", re.IGNORECASE)
"""What may stand between the name of a figure and the number that it is said to be, or before that number."""

AT_THE_END = re.compile(r"\b(?:final|ends?|ended|at the end|throughout)\b", re.IGNORECASE)
"""With these a figure is that of the last epochs; `TO_THE_END` is ``throughout`` by then."""

AFTER_VALUE = re.compile(
    r"^\)?\s*(?:$|(?:is|was|has been)\s+(?:reached|achieved|obtained|measured|seen|found)\b"
    r"|(?:on|for|in|at the end|at the|here|overall|now|already)\b)",
    re.IGNORECASE,
)
NO_VALUE = re.compile(
    r"\b(?:by|above|over|below|under|exceed\w*|up to|within|threshold|chance|random\w*|target|goal|require\w*|aim\w*"
    r"|rate|times|factor|std|deviation|band|range|limit|patience|min_delta|delta|batch|steps?|points?|class(?:es)?|digits?"
    r"|epochs?)\b|[<>\u2264\u2265\u00b1+^/]",
    re.IGNORECASE,
)
MARKUP = re.compile(r"[*`$\\]+|(?<!\w)_+|_+(?!\w)|^#+\s*|<[^<>]{0,200}>")
SENTENCE = re.compile(r"(?<=[.!])\s+(?=[A-Z(])|(?<=[?;])\s+|(?<=[\u3002\uff1f])")
