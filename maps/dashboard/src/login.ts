import './styles/fonts.css';
import './styles/base.css';
import './styles/login.css';
import { LoginPage } from './login/page.ts';

customElements.define('muang-login', LoginPage);
