"""What is asked, answered and commented on in the demo, in three languages. All of it is invented."""

from dataclasses import dataclass

Exchanges = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Of one language: questions with their answers, and what people write to a thumb."""

    exchanges: Exchanges
    praise: tuple[str, ...]
    complaints: tuple[str, ...]


WORDS = {
    "en": Words(
        exchanges=(
            ("Where is my parcel?", "It left the depot this morning and should arrive tomorrow before noon."),
            ("Can I return the lamp?", "Yes, within 30 days, in its box. The label is in your account under “Orders”."),
            ("Do you repair kettles?", "We do, for as long as there are parts. Tell me the number under the base."),
            ("Which bulb fits the lamp?", "One with a small screw cap (E14) and at most 40 watts."),
            ("How do I pay by invoice?", "Choose “Invoice” at the checkout. It is due within 14 days."),
            ("Is the kettle loud?", "At 54 decibels it is about as loud as a quiet conversation."),
            ("I forgot my password.", "Open “Sign in”, then “Forgotten”, and follow the link in the mail."),
            ("Can I change my order?", "Until it is packed, yes. Yours is being packed at this moment."),
        ),
        praise=("Clear and short.", "Solved it at once, thank you!", "Exactly what I needed."),
        complaints=("Does not answer my question.", "Far too long; I stopped reading.", "The link does not work.",
                    "It says 14 days, the website says 30.", "I asked about the lamp, not the kettle.",
                    "Polite, but wrong."),
    ),
    "de": Words(
        exchanges=(
            ("Wo ist mein Paket?", "Es hat heute früh das Lager verlassen und kommt morgen vor zwölf an."),
            ("Kann ich die Lampe zurückgeben?", "Ja, 30 Tage lang, im Karton. Das Etikett steht unter „Bestellungen“."),
            ("Repariert ihr Wasserkocher?", "Ja, solange es Teile gibt. Welche Nummer steht unter dem Boden?"),
            ("Welche Birne passt in die Lampe?", "Eine mit kleinem Schraubsockel (E14) und höchstens 40 Watt."),
            ("Wie zahle ich auf Rechnung?", "Wählen Sie an der Kasse „Rechnung“. Sie ist nach 14 Tagen fällig."),
            ("Ist der Wasserkocher laut?", "Mit 54 Dezibel etwa so laut wie ein leises Gespräch."),
        ),
        praise=("Kurz und klar.", "Hat sofort geholfen, danke!"),
        complaints=("Beantwortet meine Frage nicht.", "Viel zu lang.", "Der Link führt ins Leere.",
                    "Höflich, aber falsch.", "Ich habe nach der Lampe gefragt, nicht nach dem Kocher."),
    ),
    "ar": Words(
        exchanges=(
            ("أين طردي؟", "غادر المستودع هذا الصباح، ومن المتوقع أن يصل غدًا قبل الظهر."),
            ("هل يمكنني إرجاع المصباح؟", "نعم، خلال 30 يومًا وفي علبته. ستجد الملصق في حسابك ضمن «الطلبات»."),
            ("هل تصلحون الغلايات؟", "نعم، ما دامت قطع الغيار متوفرة. ما الرقم المكتوب تحت القاعدة؟"),
            ("أي لمبة تناسب المصباح؟", "لمبة بقاعدة لولبية صغيرة (E14) وبقدرة 40 واط على الأكثر."),
            ("هل صوت الغلاية مرتفع؟", "يبلغ 54 ديسيبل، أي ما يقارب حديثًا هادئًا."),
        ),
        praise=("واضح ومختصر.", "حُلّت المشكلة فورًا، شكرًا!"),
        complaints=("لم يُجب عن سؤالي.", "الجواب طويل جدًا.", "الرابط لا يعمل.", "مهذب، لكنه خطأ."),
    ),
}
