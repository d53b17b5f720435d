import MarkdownIt from 'markdown-it';
import { escapeHtml } from './escape-html.ts';

// No raw HTML: what looks like it is text. Links to anything but the web, mail and places are text as well.
const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });

const checkLink = markdown.validateLink.bind(markdown);
markdown.validateLink = url => checkLink(url) && /^(?:https?:|mailto:|#|data:image\/(?:png|jpeg|gif|webp);)/i.test(url.trim());

// A page that stands for itself fetches nothing: a picture from elsewhere is a link to it.
markdown.renderer.rules['image'] = (tokens, index) => {
  const token = tokens[index];
  const source = String(token?.attrGet('src') ?? '');
  const words = escapeHtml(token?.content || 'image');
  return source.startsWith('data:') ? `<img src="${escapeHtml(source)}" alt="${words}">` : `<a href="${escapeHtml(source)}" rel="noopener noreferrer">${words}</a>`;
};
markdown.renderer.rules['link_open'] = (tokens, index, options, _environment, self) => {
  tokens[index]?.attrSet('rel', 'noopener noreferrer');
  return self.renderToken(tokens, index, options);
};

/** Turns Markdown into HTML that is safe whoever wrote it. Headings begin two levels lower: they stand inside a report. */
export function renderMarkdown(text: string): string {
  const tokens = markdown.parse(text.toWellFormed(), {});
  for (const token of tokens) {
    if (token.type !== 'heading_open' && token.type !== 'heading_close') continue;
    token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 2)}`;
  }
  return markdown.renderer.render(tokens, markdown.options, {});
}
