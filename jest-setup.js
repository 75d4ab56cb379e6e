// Jest setup provided by Grafana scaffolding
import './.config/jest-setup';

// React schedules with a channel, which jsdom lacks; Node's own would keep the tests' process alive.
class TimerChannel {
  port1 = { onmessage: null };
  port2 = { postMessage: (data) => setTimeout(() => this.port1.onmessage?.({ data }), 0) };
}
global.MessageChannel ??= TimerChannel;

// jsdom draws nothing; @grafana/ui measures the text of inputs that grow with it.
HTMLCanvasElement.prototype.getContext = () => ({ measureText: (text) => ({ width: text.length * 8 }) });

// Younger than jsdom.
URL.canParse ??= (text, base) => {
  try {
    return Boolean(new URL(text, base));
  } catch {
    return false;
  }
};

class StillObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
global.IntersectionObserver ??= StillObserver;
global.ResizeObserver ??= StillObserver;
