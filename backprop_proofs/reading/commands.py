"""What each command, word and sign of mathematics is: tables only."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """The words of a list written as one string."""
    return tuple(text.split())


GREEK = words(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho Sigma Tau "
    "Upsilon Phi Chi Psi Omega"
)
GREEK_LETTERS = dict(zip("αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", GREEK, strict=True))
_VARIANTS = {
    "varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varsigma": "sigma", "varrho": "rho",
    "varpi": "pi", "varkappa": "kappa", "ell": "ell", "imath": "i", "jmath": "j", "infty": "infinity", "top": "top",
    "intercal": "top", "dagger": "dagger", "hbar": "hbar", "emptyset": "emptyset", "partialup": "partial",
    "textdegree": "degree", "Loss": "Loss",
}  # fmt: skip
FUNCTIONS = frozenset(words(
    "exp log ln lg sin cos tan sec csc cot sinh cosh tanh coth sech arctan arctanh max min argmax argmin arg det diag "
    "tr Tr trace vec softmax softplus sigmoid sigm logistic relu ReLU Relu RELU leakyrelu gelu GELU elu ELU swish sign "
    "sgn step erf sup inf rank dim mean var Var std prod logsoftmax onehot"
))  # fmt: skip
FUNCTION_LETTERS = frozenset(("sigma", "f", "g", "phi"))

# command -> (kind of token, its text)
COMMANDS: dict[str, tuple[str, str]] = {name: ("NAME", name) for name in GREEK}
COMMANDS |= {name: ("NAME", base) for name, base in _VARIANTS.items()}
COMMANDS |= {
    name: ("NAME", name)
    for name in words("exp log ln lg sin cos tan sec csc cot sinh cosh tanh coth arctan max min arg det sup inf dim Pr")
}
COMMANDS |= {
    "cdot": ("OP", "·"), "times": ("OP", "×"), "ast": ("OP", "*"), "odot": ("OP", "⊙"), "circ": ("OP", "∘"),
    "otimes": ("OP", "⊗"), "bullet": ("OP", "•"), "star": ("OP", "⋆"), "div": ("OP", "/"), "circledast": ("OP", "⊛"),
    "frac": ("FRAC", ""), "dfrac": ("FRAC", ""), "tfrac": ("FRAC", ""), "cfrac": ("FRAC", ""), "nicefrac": ("FRAC", ""),
    "sfrac": ("FRAC", ""), "over": ("over", ""), "sqrt": ("SQRT", ""), "sum": ("SUM", "sum"), "prod": ("SUM", "prod"),
    "partial": ("PARTIAL", "partial"), "nabla": ("NABLA", ""), "prime": ("PRIME", "'"),
    "vert": ("bar", "|"), "mid": ("bar", "|"), "lvert": ("bar", "|"), "rvert": ("bar", "|"), "Vert": ("bar", "‖"),
    "lVert": ("bar", "‖"), "rVert": ("bar", "‖"), "|": ("bar", "‖"),
    "lbrace": ("LP", "{"), "rbrace": ("RP", "{"), "langle": ("LP", "<"), "rangle": ("RP", "<"), "lparen": ("LP", "("),
    "rparen": ("RP", "("), "lbrack": ("LP", "["), "rbrack": ("RP", "["), "{": ("LP", "{"), "}": ("RP", "{"),
    "cdots": ("DOTS", ""), "ldots": ("DOTS", ""), "dots": ("DOTS", ""), "vdots": ("DOTS", ""), "ddots": ("DOTS", ""),
    "dotsc": ("DOTS", ""), "dotsb": ("DOTS", ""), "dotsm": ("DOTS", ""),
    "eq": ("REL", "="), "coloneqq": ("REL", ":="), "coloneq": ("REL", ":="), "triangleq": ("REL", "≜"),
    "equiv": ("REL", "≡"), "doteq": ("REL", "≜"), "propto": ("REL", "∝"), "approx": ("REL", "≈"),
    "simeq": ("REL", "≈"), "cong": ("REL", "≈"), "sim": ("REL", "~"), "le": ("REL", "≤"), "leq": ("REL", "≤"),
    "leqslant": ("REL", "≤"), "ge": ("REL", "≥"), "geq": ("REL", "≥"), "geqslant": ("REL", "≥"), "ne": ("REL", "≠"),
    "neq": ("REL", "≠"), "in": ("REL", "∈"), "lt": ("REL", "<"), "gt": ("REL", ">"), "ll": ("REL", "<"),
    "gg": ("REL", ">"), "subset": ("REL", "⊂"), "subseteq": ("REL", "⊂"), "notin": ("REL", "∉"),
    "therefore": ("ARROW", "therefore"), "because": ("BECAUSE", "because"), "forall": ("TEXT", "for all"),
    "substack": ("font", ""), "newline": ("rowsep", ""), "cr": ("rowsep", ""), "tabularnewline": ("rowsep", ""),
    "colon": ("COLON", ":"), "setminus": ("OP", "∖"), "backslash": ("OP", "∖"), "qed": ("skip", ""),
}  # fmt: skip
_ARROWS = words(
    "Rightarrow Longrightarrow implies Leftrightarrow Longleftrightarrow iff rightarrow longrightarrow to leadsto "
    "mapsto "
    "leftarrow Leftarrow longmapsto leftrightarrow hookrightarrow impliedby rightsquigarrow"
)
COMMANDS |= {name: ("ARROW", name) for name in _ARROWS}
_SKIPPED = words(
    "displaystyle textstyle scriptstyle limits nolimits nonumber notag hfill hfil noindent centering null strut bf "
    "rm it "
    "tt sf bfseries itshape normalfont left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm "
    "Bigm "
    "middle mathstrut allowbreak break smallskip medskip bigskip relax protect hline qedhere square blacksquare Box "
    "mathop mathrel mathbin mathord mathopen mathclose mathpunct small large Large normalsize footnotesize ensuremath "
    "allowdisplaybreaks displaybreak linebreak nobreak boldmath"
)
COMMANDS |= dict.fromkeys(_SKIPPED, ("skip", ""))
COMMANDS |= dict.fromkeys(words(", ; : ! > / thinspace thickspace medspace negthinspace enspace"), ("space", ""))
COMMANDS |= dict.fromkeys(("quad", "qquad", "enskip"), ("wide", ""))
_DROPPED = words(  # with their one argument
    "label tag ref eqref cite citep citet hspace vspace phantom hphantom vphantom color footnote url class style "
    "hskip pagecolor textcircled cssId bbox circled kern"
)
COMMANDS |= {name: ("drop", name) for name in _DROPPED}
_KEPT = words("boxed fbox underbrace overbrace smash Aboxed framebox mathclap")
COMMANDS |= {name: ("keep", name) for name in _KEPT}
COMMANDS |= {name: ("keep2", name) for name in ("textcolor", "colorbox", "fcolorbox", "hl")}
COMMANDS |= {name: ("stack", name) for name in ("overset", "underset", "stackrel")}
COMMANDS |= {
    name: ("font", mark)
    for mark, names in {
        "bold": "mathbf boldsymbol bm bold pmb symbf mathbfit bs",
        "bb": "mathbb mathds Bbb", "cal": "mathcal mathscr cal symcal", "frak": "mathfrak",
        "": "mathit mathsf mathtt mathnormal",
        "roman": "mathrm operatorname operatornamewithlimits",
    }.items()
    for name in words(names)
}  # fmt: skip
TEXTS = frozenset(
    words("text textrm textit textbf textsf texttt textnormal mbox hbox textup intertext shortintertext textsc")
)
ACCENTS = {
    "hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde",
    "vec": "vec", "overrightarrow": "vec", "dot": "dot", "ddot": "ddot", "check": "check", "breve": "breve",
    "acute": "acute", "grave": "grave", "underline": "underline", "mathring": "ring",
}  # fmt: skip
COMMANDS |= {name: ("ACCENT", mark) for name, mark in ACCENTS.items()}

COMBINING = {"̂": "hat", "̄": "bar", "̃": "tilde", "⃗": "vec", "̇": "dot", "̅": "bar"}
UPPER = dict(
    zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾⁼ᵀᴸˡⁱⁿᵏʲᵗᵐᵃᵇᶜᵈᵉᶠᵍʰᵒᵖʳˢᵘᵛʷˣʸᶻ", "0123456789+-()=TLlinkjtmabcdefghoprsuvwxyz", strict=True)
)
LOWER = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎₌ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-()=aehijklmnoprstuvx", strict=True))
CHARACTERS: dict[str, tuple[str, str]] = {
    "{": ("{", ""), "}": ("}", ""), "_": ("_", ""), "^": ("^", ""), "'": ("PRIME", "'"), "′": ("PRIME", "'"),
    "’": ("PRIME", "'"), "″": ("PRIME", "''"), "(": ("LP", "("), ")": ("RP", "("), "[": ("LP", "["),
    "]": ("RP", "["), "⟨": ("LP", "<"), "⟩": ("RP", "<"), "+": ("SIGN", "+"), "-": ("SIGN", "-"), "−": ("SIGN", "-"),
    "–": ("SIGN", "-"), "＋": ("SIGN", "+"), "*": ("OP", "*"), "·": ("OP", "·"), "⋅": ("OP", "·"), "×": ("OP", "×"),
    "∗": ("OP", "*"),
    "⊙": ("OP", "⊙"), "∘": ("OP", "∘"), "◦": ("OP", "∘"), "⊗": ("OP", "⊗"), "•": ("OP", "•"), "⋆": ("OP", "⋆"),
    "@": ("OP", "@"), "/": ("OP", "/"), "÷": ("OP", "/"), "∖": ("OP", "∖"), "⁄": ("OP", "/"), "∕": ("OP", "/"),
    "=": ("REL", "="), "＝": ("REL", "="), "<": ("REL", "<"), ">": ("REL", ">"), "≤": ("REL", "≤"), "≥": ("REL", "≥"),
    "≠": ("REL", "≠"), "≈": ("REL", "≈"), "≃": ("REL", "≈"), "≡": ("REL", "≡"), "≜": ("REL", "≜"), "≔": ("REL", ":="),
    "∝": ("REL", "∝"), "∈": ("REL", "∈"), "∉": ("REL", "∉"), "≐": ("REL", "≜"), "⩽": ("REL", "≤"), "⩾": ("REL", "≥"),
    "∼": ("REL", "~"), "→": ("ARROW", "to"), "⇒": ("ARROW", "implies"), "⇔": ("ARROW", "iff"),
    "⟹": ("ARROW", "implies"),
    "⟶": ("ARROW", "to"), "⟺": ("ARROW", "iff"), "↦": ("ARROW", "mapsto"), "∴": ("ARROW", "therefore"),
    "∵": ("BECAUSE", "because"), "|": ("bar", "|"), "‖": ("bar", "‖"), "∥": ("bar", "‖"), "∣": ("bar", "|"),
    ",": ("COMMA", ","), "，": ("COMMA", ","), ";": ("SEMI", ";"), "；": ("SEMI", ";"), ".": ("DOT", "."),
    "。": ("DOT", "."),
    ":": ("COLON", ":"), "：": ("COLON", ":"), "&": ("amp", ""), "∑": ("SUM", "sum"), "Σ": ("SUM", "sum"),
    "∏": ("SUM", "prod"),
    "∂": ("PARTIAL", "partial"), "𝜕": ("PARTIAL", "partial"), "∇": ("NABLA", ""), "√": ("SQRT", ""),
    "…": ("DOTS", ""), "⋯": ("DOTS", ""), "∞": ("NAME", "infinity"), "ℓ": ("NAME", "ell"), "⊤": ("NAME", "top"),
    "½": ("NUM", "1/2"), "¼": ("NUM", "1/4"), "¾": ("NUM", "3/4"), "⅓": ("NUM", "1/3"), "∀": ("TEXT", "for all"),
    "ϵ": ("NAME", "epsilon"), "ϕ": ("NAME", "phi"), "µ": ("NAME", "mu"), "ϑ": ("NAME", "theta"), "ς": ("NAME", "sigma"),
    "𝟙": ("NAME", "1"), "𝟏": ("NAME", "1"), "ℝ": ("NAME", "R"), "𝔼": ("NAME", "E"), "∆": ("NAME", "Delta"),
    "ı": ("NAME", "i"), "ȷ": ("NAME", "j"), "■": ("skip", ""), "□": ("skip", ""), "∎": ("skip", ""),
    "\ufeff": ("skip", ""),
    "⌊": ("LP", "⌊"), "⌋": ("RP", "⌊"), "⊂": ("REL", "⊂"),
}  # fmt: skip
CHARACTERS |= {letter: ("NAME", name) for letter, name in GREEK_LETTERS.items() if letter != "Σ"}
DIGRAPHS: dict[str, tuple[str, str]] = {
    ":=": ("REL", ":="), "=:": ("REL", "="), "==": ("REL", "="), "!=": ("REL", "≠"), "<=>": ("ARROW", "iff"),
    "<->": ("ARROW", "iff"), "<==>": ("ARROW", "iff"), "==>": ("ARROW", "implies"), "-->": ("ARROW", "to"),
    "=>": ("ARROW", "implies"), "->": ("ARROW", "to"), "<=": ("REL", "≤"), ">=": ("REL", "≥"), "~=": ("REL", "≈"),
    "...": ("DOTS", ""), "..": ("REL", ".."), "||": ("bar", "‖"), ".*": ("OP", ".*"), "**": ("^", ""),
    "''": ("PRIME", "''"), ".T": ("transposed", "T"),
}  # fmt: skip

# Words that are commands although their backslash is missing; from four letters on everywhere, else in plain text only.
BARE = {name: name for name in GREEK} | {
    name: name
    for name in words(
        "frac dfrac sum prod partial ell sqrt cdot times odot nabla infty exp log tanh sinh cosh varepsilon varphi ln"
    )
} | {"SUM": "sum", "Sum": "sum", "PROD": "prod", "grad": "nabla", "infinity": "infty"}  # fmt: skip
STRIPPED = BARE | {
    name: name
    for name in words(
        "begin end text textrm mathrm mathbf boldsymbol mathbb mathcal left right quad qquad hat bar tilde overline "
        "underbrace boxed big Big displaystyle limits top prime tag label otimes circ ldots cdots dots leq geq neq in "
        "equiv approx propto forall operatorname Rightarrow implies rightarrow to nonumber because therefore"
    )
}
STRIPPED_NEEDS = {  # what must follow such a word so that it is taken for a command
    **dict.fromkeys(words("begin end text textrm mathrm mathbf boldsymbol mathbb mathcal hat bar tilde overline"), "{"),
    **dict.fromkeys(words("underbrace boxed tag label operatorname frac dfrac"), "{"),
    **dict.fromkeys(("left", "right", "big", "Big"), "()[]|.{}\\"),
}  # fmt: skip

# Words of prose that may stand beside a formula
AND = frozenset(("and", "&", "also", "as well as", "or"))
CONDITION = frozenset(
    words("for if when where with since because by using as given provided unless from via on in per")
)
OTHERWISE = frozenset(words("otherwise else elsewhere or"))
PROSE = AND | CONDITION | OTHERWISE | frozenset(words(
    "so thus therefore hence then now we have get know obtain gives yields implies that the this is are of it its "
    "let be "
    "case equation eq error which finally next again similarly first second note recall here find becomes substituting "
    "applying just our can to term terms all not any each chain rule definition follows following above below "
    "derivative "
    "gradient vanishes both sides apply into wrt respect us denote define defined these those there their than at "
    "how what "
    "why does you could would should only depends"
))  # fmt: skip
