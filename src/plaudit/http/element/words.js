// What is said, in twelve languages. In each: like, dislike, why a vote stays, the box, send, skip; and of a vote:
// thanks, not saved, waiting.
export const WORDS = {
  en: "Good answer|Bad answer|Cannot be undone|Tell us more|Send|Skip|Thank you|Not saved|Will be sent later",
  de: "Gute Antwort|Schlechte Antwort|Nicht widerrufbar|Mehr dazu|Senden|Überspringen|Danke|Nicht gespeichert|Wird später gesendet",
  fr: "Bonne réponse|Mauvaise réponse|Ne peut être annulé|Dites-nous en plus|Envoyer|Passer|Merci|Non enregistré|Sera envoyé plus tard",
  es: "Buena respuesta|Mala respuesta|No se puede deshacer|Cuéntanos más|Enviar|Omitir|Gracias|No guardado|Se enviará luego",
  it: "Buona risposta|Cattiva risposta|Non si può annullare|Dicci di più|Invia|Salta|Grazie|Non salvato|Sarà inviato più tardi",
  pt: "Boa resposta|Má resposta|Não se pode desfazer|Conte-nos mais|Enviar|Pular|Obrigado|Não salvo|Será enviado depois",
  nl: "Goed antwoord|Slecht antwoord|Niet in te trekken|Vertel ons meer|Versturen|Overslaan|Bedankt|Niet opgeslagen|Wordt later verstuurd",
  pl: "Dobra odpowiedź|Zła odpowiedź|Nie można cofnąć|Powiedz nam więcej|Wyślij|Pomiń|Dziękujemy|Nie zapisano|Zostanie wysłane później",
  tr: "İyi yanıt|Kötü yanıt|Geri alınamaz|Daha fazlasını anlatın|Gönder|Geç|Teşekkürler|Kaydedilmedi|Sonra gönderilecek",
  ar: "إجابة جيدة|إجابة سيئة|لا يمكن التراجع عنه|أخبرنا بالمزيد|إرسال|تخطٍّ|شكرًا|لم يُحفظ|سيُرسل لاحقًا",
  zh: "回答得好|回答得不好|不可撤销|告诉我们更多|发送|跳过|谢谢|未保存|稍后发送",
  ja: "良い回答|良くない回答|取り消せません|詳しく教えてください|送信|スキップ|ありがとうございます|保存できませんでした|後で送信します",
};

// The nearest `lang` on the way up decides, also out of a shadow tree; then what the browser prefers.
export function languageOf(element) {
  return Object.keys(WORDS).find((code) => element.matches(`:lang(${code})`))
    ?? navigator.languages.map((tag) => tag.slice(0, 2)).find((code) => code in WORDS) ?? "en";
}
