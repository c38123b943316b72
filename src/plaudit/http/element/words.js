// What is said, in twelve languages. In each: like, dislike, why a vote stays, the box, send, skip; and of a vote:
// thanks, not saved, waiting.
export const WORDS = {
  en: "Good answer|Bad answer|Can be changed, not removed|Tell us more|Send|Skip|Thank you|Not saved|Will be sent later",
  de: "Gute Antwort|Schlechte Antwort|Änderbar, nicht löschbar|Mehr dazu|Senden|Überspringen|Danke|Nicht gespeichert|Wird später gesendet",
  fr: "Bonne réponse|Mauvaise réponse|Modifiable, pas supprimable|Dites-nous en plus|Envoyer|Passer|Merci|Non enregistré|Sera envoyé plus tard",
  es: "Buena respuesta|Mala respuesta|Se puede cambiar, no quitar|Cuéntanos más|Enviar|Omitir|Gracias|No guardado|Se enviará más tarde",
  it: "Buona risposta|Cattiva risposta|Si può cambiare, non togliere|Dicci di più|Invia|Salta|Grazie|Non salvato|Sarà inviato più tardi",
  pt: "Boa resposta|Má resposta|Pode mudar, não retirar|Conte-nos mais|Enviar|Pular|Obrigado|Não salvo|Será enviado mais tarde",
  nl: "Goed antwoord|Slecht antwoord|Te wijzigen, niet te wissen|Vertel ons meer|Versturen|Overslaan|Bedankt|Niet opgeslagen|Wordt later verstuurd",
  pl: "Dobra odpowiedź|Zła odpowiedź|Można zmienić, nie usunąć|Powiedz nam więcej|Wyślij|Pomiń|Dziękujemy|Nie zapisano|Zostanie wysłane później",
  tr: "İyi yanıt|Kötü yanıt|Değiştirilebilir, silinemez|Daha fazlasını anlatın|Gönder|Geç|Teşekkürler|Kaydedilmedi|Sonra gönderilecek",
  ar: "إجابة جيدة|إجابة سيئة|يمكن تغييره لا حذفه|أخبرنا بالمزيد|إرسال|تخطٍّ|شكرًا|لم يُحفظ|سيُرسل لاحقًا",
  zh: "回答得好|回答得不好|可更改，不可撤销|告诉我们更多|发送|跳过|谢谢|未保存|稍后发送",
  ja: "良い回答|良くない回答|変更はできますが取り消せません|詳しく教えてください|送信|スキップ|ありがとうございます|保存できませんでした|後で送信します",
};

// The nearest `lang` on the way up decides, also out of a shadow tree; then what the browser prefers.
export function languageOf(element) {
  return Object.keys(WORDS).find((code) => element.matches(`:lang(${code})`))
    ?? navigator.languages.map((tag) => tag.slice(0, 2)).find((code) => code in WORDS) ?? "en";
}
